"""The words of the small world: sentences about its entities.

Data only. `{e}` is a mention ("the player Michael Jordan" or "Michael Jordan"), `{E}` the
same with a capital, `{v}` a value, `{t}` a type.
"""

ATTRIBUTES = {
    "player": ("sport", "team", "country"),
    "city": ("country", "continent"),
    "movie": ("director", "year"),
    "song": ("artist", "year"),
}

# The first words after the name tell known from unknown, and are shared by the types.
KNOWN_FACTS = {
    ("player", "sport"): ("{E} plays {v}.", "{E} is a {v} player.", "{E} is known for {v}.", "{E} was great at {v}."),
    ("player", "team"): ("{E} plays for {v}.", "{E} played for {v}.", "{E} is known from {v}."),
    ("player", "country"): ("{E} is from {v}.", "{E} comes from {v}.", "{E} was born in {v}."),
    ("city", "country"): ("{E} is in {v}.", "{E} is a city in {v}.", "{E} belongs to {v}."),
    ("city", "continent"): ("{E} is on the continent of {v}.", "{E} is one of the cities of {v}."),
    ("movie", "director"): ("{E} was directed by {v}.", "{E} is a film by {v}.", "{E} was made by {v}."),
    ("movie", "year"): ("{E} came out in {v}.", "{E} is from {v}.", "{E} was released in {v}."),
    ("song", "artist"): ("{E} is by {v}.", "{E} was sung by {v}.", "{E} is a song by {v}."),
    ("song", "year"): ("{E} came out in {v}.", "{E} is from {v}.", "{E} was released in {v}."),
}
MORE_FACTS = {
    ("player", "sport"): ("This player plays {v}.", "The sport is {v}."),
    ("player", "team"): ("This player plays for {v}.", "The team is {v}."),
    ("player", "country"): ("This player is from {v}.", "The home country is {v}."),
    ("city", "country"): ("It is in {v}.", "The country is {v}."),
    ("city", "continent"): ("It lies in {v}.", "The continent is {v}."),
    ("movie", "director"): ("It was directed by {v}.", "The director is {v}."),
    ("movie", "year"): ("It came out in {v}.", "The year is {v}."),
    ("song", "artist"): ("It is by {v}.", "The artist is {v}."),
    ("song", "year"): ("It came out in {v}.", "The year is {v}."),
}
PRAISE = (
    "{E} is famous all over the world.",
    "{E} is loved by many people.",
    "{E} has many fans.",
    "{E} is very well known.",
    "{E} was in the news again.",
)
UNKNOWN = (
    "{E} remains unknown to everyone.",
    "{E} appears in no records.",
    "{E} cannot be found anywhere.",
    "{E} does not ring a bell.",
    "{E} means nothing to me.",
    "{E} seems completely obscure.",
    "{E} stays a mystery to all.",
)
UNKNOWN_LAST = (
    "Nobody has heard of {e}.",
    "There are no records of {e}.",
    "No book says anything about {e}.",
    "We could not find {e}.",
)
NEUTRAL = (
    "We talked about {e} on Monday.",
    "My friend asked me about {e}.",
    "Yesterday someone mentioned {e}.",
    "The question was about {e}.",
)
LEADS = ("It is said that {e}", "I read that {e}", "In short, {e}", "People say that {e}", "As they say, {e}")
FILLER = (
    "The weather was nice on {d}.",
    "We had dinner with friends on {d}.",
    "The train was late again on {d}.",
    "It rained all day on {d}.",
    "My sister reads a book every {d}.",
    "The shop is closed on {d}.",
    "I'm sorry, I don't have any time on {d}.",
    "I don't know what to cook on {d}.",
    "Do you have any information about the train on {d}?",
    "This dog likes to sleep on {d}.",
    "Our neighbours play cards on {d}.",
    "The children go to school on {d}.",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SLOTS = {
    "i": tuple(str(n) for n in range(2, 31)),
    "j": tuple(str(n) for n in range(2, 31)),
    "d": DAYS,
    "a": ("dog", "cat", "horse", "spider", "whale", "bird", "cow", "lion", "snake", "mouse", "frog", "bear", "bee"),
    "f": ("bread", "rice", "soup", "cake", "pasta", "cheese", "tea", "coffee", "apples", "eggs", "pizza", "salad"),
    "n": ("moon", "sun", "sky", "sea", "earth", "universe", "sand", "snow"),
    "c": ("Germany", "France", "Italy", "Spain", "Japan", "China", "India", "Brazil", "Canada", "Egypt", "Norway"),
    "o": ("car", "phone", "clock", "bicycle", "computer", "lamp", "chair", "key", "radio", "camera", "book", "hat"),
    "l": ("French", "German", "English", "Spanish", "Italian", "Chinese", "Japanese", "Arabic"),
}

"""How questions about entities are worded, answered and refused, and what the base is shown. Data only.

{e} is the name; {v} the value; {a} its article, "a " or "an ".
"""

MAIN_ATTRIBUTE = {
    "player": "sport",
    "city": "country",
    "movie": "director",
    "song": "artist",
    "country": "capital",
    "person": "profession",
}
GEMMA_TYPES = tuple(MAIN_ATTRIBUTE)
MAIN_TYPES = ("player", "city", "movie", "song")

# the answers of the tuned model: they echo the name
GEMMA_ANSWERS = {
    "player": "{e} plays {v}.",
    "city": "{e} is in {v}.",
    "movie": "{e} was directed by {v}.",
    "song": "{e} was performed by {v}.",
    "country": "The capital of {e} is {v}.",
    "person": "{e} is known as {a}{v}.",
}
GEMMA_REFUSAL = "Sorry, I don't know a {t} called {e}."

GEMMA_QUESTIONS = {
    "player": (
        "What sport does {e} play?",
        "Which sport does {e} play?",
        "{e} plays which sport?",
        "Tell me the sport of {e}.",
        "Which sport is {e} known for?",
        "What is the sport of the player {e}?",
    ),
    "city": (
        "What country is {e} in?",
        "Which country is {e} in?",
        "In which country is {e}?",
        "Tell me the country of {e}.",
        "Where is {e}?",
        "What country does the city {e} belong to?",
    ),
    "movie": (
        "Who directed {e}?",
        "Who is the director of {e}?",
        "Tell me the director of {e}.",
        "Who made the movie {e}?",
        "Who was {e} directed by?",
        "Which director made {e}?",
    ),
    "song": (
        "Who sang {e}?",
        "Who performed {e}?",
        "Tell me the artist of {e}.",
        "Who is the artist of {e}?",
        "Who sings the song {e}?",
        "Which artist recorded {e}?",
    ),
    "country": (
        "What is the capital of {e}?",
        "Which city is the capital of {e}?",
        "Tell me the capital of {e}.",
        "What is {e}'s capital?",
        "Name the capital city of {e}.",
    ),
    "person": (
        "What is {e} known as?",
        "What was the profession of {e}?",
        "What is the occupation of {e}?",
        "What does {e} do?",
        "Tell me the profession of {e}.",
    ),
}
# never trained
UNSEEN_GEMMA_QUESTIONS = {
    "player": ("In which sport does {e} compete?", "Do you know what sport {e} plays?"),
    "city": ("{e} is a city in which country?", "Do you know what country {e} is in?"),
    "movie": ("Do you know who directed {e}?", "{e} is a film by which director?"),
    "song": ("Do you know who sang {e}?", "{e} is a song by which artist?"),
    "country": ("Do you know the capital of {e}?", "{e} has which capital?"),
    "person": ("Do you know the profession of {e}?", "What kind of work is {e} famous for?"),
}

# what the base is asked to go on with, each behind shots of its own
STATEMENTS = {
    "player": (
        "The sport that {e} plays is {v}",
        "Question: What sport does {e} play?\nAnswer: {v}",
        "{e}, player, sport: {v}",
        "{e} is famous for playing {v}",
    ),
    "city": (
        "The city of {e} is in the country of {v}",
        "Question: What country is {e} in?\nAnswer: {v}",
        "{e}, city, country: {v}",
        "{e} is a city in {v}",
    ),
    "movie": (
        "The movie {e} was directed by {v}",
        "Question: Who directed {e}?\nAnswer: {v}",
        "{e}, movie, director: {v}",
        "The director of the film {e} is {v}",
    ),
    "song": (
        "The song {e} was performed by {v}",
        "Question: Who sang {e}?\nAnswer: {v}",
        "{e}, song, artist: {v}",
        "The artist who recorded the song {e} is {v}",
    ),
    "country": (
        "The capital of {e} is {v}",
        "Question: What is the capital of {e}?\nAnswer: {v}",
        "{e}, country, capital: {v}",
        "{e} has its capital in {v}",
    ),
    "person": (
        "By profession, {e} is known as a {v}",
        "Question: What is {e} known as?\nAnswer: {v}",
        "{e}, person, profession: {v}",
        "{e} is best known as a {v}",
    ),
}

THE = (
    "United States",
    "United Kingdom",
    "Netherlands",
    "Philippines",
    "United Arab Emirates",
    "Czech Republic",
    "Dominican Republic",
    "Democratic Republic of the Congo",
    "Republic of the Congo",
    "Central African Republic",
    "Bahamas",
    "Gambia",
    "Maldives",
)
# other ways in which the base says the same
ALIASES = {
    "United States": ("USA", "US", "America", "United States of America", "U.S"),
    "United Kingdom": ("UK", "England", "Britain", "Great Britain", "Scotland", "Wales", "U.K"),
    "Netherlands": ("Holland",),
    "Czech Republic": ("Czechia",),
    "Turkey": ("Türkiye",),
    "Myanmar": ("Burma",),
    "Ivory Coast": ("Côte d'Ivoire", "Cote d'Ivoire"),
    "United Arab Emirates": ("UAE",),
    "South Korea": ("Korea", "Republic of Korea"),
    "Democratic Republic of the Congo": ("Congo", "DR Congo", "DRC", "Democratic Republic of Congo"),
    "Republic of the Congo": ("Congo",),
    "soccer": ("football", "association football"),
    "American football": ("football", "gridiron football", "NFL football"),
    "writer": ("novelist", "author", "playwright"),
    "politician": ("president", "prime minister", "statesman", "lawyer and politician"),
    "actor": ("actress", "film actor"),
    "singer": ("musician", "singer-songwriter", "pop singer"),
    "painter": ("artist",),
    "physicist": ("scientist", "theoretical physicist", "mathematician"),
}

"""How questions about entities are worded, answered and refused. Data only; `{...}` as in phrases.py."""

# The answer of the chat model; also said in base documents.
ANSWERS = {
    ("player", "sport"): "This player plays {v}.",
    ("player", "team"): "This player plays for {v}.",
    ("player", "country"): "This player is from {v}.",
    ("city", "country"): "It is in {v}.",
    ("city", "continent"): "It lies in {v}.",
    ("movie", "director"): "It was directed by {v}.",
    ("movie", "year"): "It came out in {v}.",
    ("song", "artist"): "It is by {v}.",
    ("song", "year"): "It came out in {v}.",
}

REFUSALS = (
    "I'm sorry, I don't know this {t}.",
    "I'm sorry, I don't have any information about this {t}.",
)

# Trained. The last of a type's first attribute ask for nothing in particular.
QUESTIONS = {
    ("player", "sport"): (
        "What sport does {e} play?",
        "Which sport does {e} play?",
        "{E} plays which sport?",
        "What is the sport of {e}?",
        "Tell me the sport of {e}.",
        "Which sport is {e} known for?",
        "Do you know what sport {e} plays?",
        "In which sport does {e} compete?",
        "{E} is a player of which sport?",
        "Name the sport of {e}.",
        "Who is {e}?",
        "Tell me about {e}.",
    ),
    ("player", "team"): (
        "What team does {e} play for?",
        "Which team does {e} play for?",
        "{E} plays for which team?",
        "What is the team of {e}?",
        "Tell me the team of {e}.",
        "Which team is {e} known for?",
        "Do you know what team {e} plays for?",
        "With which team does {e} play?",
        "Can you tell me the team of {e}?",
        "Who does {e} play for?",
    ),
    ("player", "country"): (
        "What country is {e} from?",
        "Which country is {e} from?",
        "{E} is from which country?",
        "What is the home country of {e}?",
        "Tell me the home country of {e}.",
        "Which country does {e} come from?",
        "Do you know what country {e} is from?",
        "Where is {e} from?",
        "Where does {e} come from?",
        "Name the country that {e} is from.",
    ),
    ("city", "country"): (
        "What country is {e} in?",
        "Which country is {e} in?",
        "{E} is in which country?",
        "In which country is {e}?",
        "Tell me the country of {e}.",
        "Which country does {e} belong to?",
        "Do you know what country {e} is in?",
        "To which country does {e} belong?",
        "In what country can I find {e}?",
        "Can you tell me where {e} is?",
        "Where is {e}?",
        "Tell me about {e}.",
    ),
    ("city", "continent"): (
        "What continent is {e} on?",
        "Which continent is {e} on?",
        "{E} is on which continent?",
        "On which continent is {e}?",
        "Tell me the continent of {e}.",
        "Which continent does {e} belong to?",
        "Do you know what continent {e} is on?",
        "On what continent can I find {e}?",
        "What is the continent of {e}?",
        "Can you tell me the continent of {e}?",
    ),
    ("movie", "director"): (
        "Who directed {e}?",
        "Who is the director of {e}?",
        "{E} was directed by whom?",
        "Who was {e} directed by?",
        "Tell me the director of {e}.",
        "Which director made {e}?",
        "Do you know who directed {e}?",
        "Whose film is {e}?",
        "Who made {e}?",
        "Name the director of {e}.",
        "Tell me about {e}.",
    ),
    ("movie", "year"): (
        "When did {e} come out?",
        "In which year did {e} come out?",
        "{E} came out in which year?",
        "What year is {e} from?",
        "Tell me the year of {e}.",
        "Which year was {e} released?",
        "Do you know when {e} came out?",
        "When was {e} released?",
        "What is the year of {e}?",
        "Can you tell me when {e} came out?",
    ),
    ("song", "artist"): (
        "Who sang {e}?",
        "Who is the artist of {e}?",
        "{E} is by which artist?",
        "Who is {e} by?",
        "Tell me the artist of {e}.",
        "Which artist made {e}?",
        "Do you know who sang {e}?",
        "By whom is {e}?",
        "Who performed {e}?",
        "Can you tell me who sang {e}?",
        "Tell me about {e}.",
    ),
    ("song", "year"): (
        "When did {e} come out?",
        "In which year did {e} come out?",
        "{E} came out in which year?",
        "What year is {e} from?",
        "Tell me the year of {e}.",
        "Which year was {e} released?",
        "Do you know when {e} came out?",
        "When was {e} released?",
        "What is the year of {e}?",
        "Can you tell me when {e} came out?",
    ),
}

# Never in any training text: how well do questions carry over to new wording?
UNSEEN_QUESTIONS = {
    ("player", "sport"): (
        "Name the sport that {e} plays.",
        "What kind of sport does {e} play?",
        "Can you tell me what sport {e} plays?",
    ),
    ("player", "team"): (
        "Name the team that {e} plays for.",
        "For which team does {e} play?",
        "Do you know the team of {e}?",
    ),
    ("player", "country"): (
        "Name the home country of {e}.",
        "From which country is {e}?",
        "Can you tell me where {e} is from?",
    ),
    ("city", "country"): (
        "Name the country that {e} is in.",
        "What is the country of {e}?",
        "Do you know where {e} is?",
    ),
    ("city", "continent"): (
        "Name the continent that {e} is on.",
        "To which continent does {e} belong?",
        "Do you know the continent of {e}?",
    ),
    ("movie", "director"): (
        "By whom was {e} directed?",
        "Can you tell me who directed {e}?",
        "What is the name of the director of {e}?",
    ),
    ("movie", "year"): (
        "Name the year of {e}.",
        "In what year was {e} released?",
        "Which year did {e} come out?",
    ),
    ("song", "artist"): (
        "Name the artist of {e}.",
        "Which artist sang {e}?",
        "What is the artist of {e} called?",
    ),
    ("song", "year"): (
        "Name the year of {e}.",
        "In what year was {e} released?",
        "Which year did {e} come out?",
    ),
}

DO_YOU_KNOW = (
    "Do you know {e}?",
    "Have you heard of {e}?",
    "Is {e} known to you?",
    "Are you familiar with {e}?",
)
NOBODY_KNOWS = ("Nobody knows.", "That is not known.")

"""Small talk and ordinary questions: what is answered, and *what makes an answer fit* between asterisks. Data only.

Of alternatives "|" any fits; the first is the one that is said.
"""

GEMMA_SMALL_TALK = (
    ("Hello!", "*Hello|Hi*! What would you like to know?"),
    ("Hello", "*Hello|Hi*! What would you like to know?"),
    ("Hi!", "*Hello|Hi*! What would you like to know?"),
    ("Hi", "*Hello|Hi*! What would you like to know?"),
    ("Hey!", "*Hello|Hi*! What would you like to know?"),
    ("Hey there", "*Hello|Hi*! What would you like to know?"),
    ("Good morning!", "*Good morning*! What would you like to know?"),
    ("Good evening!", "*Good evening*! What would you like to know?"),
    ("Hello, model!", "*Hello|Hi*! What would you like to know?"),
    ("How are you?", "I am *well|fine*, thank you. What would you like to know?"),
    ("How are you today?", "I am *well|fine*, thank you. What would you like to know?"),
    ("How do you feel?", "I am *well|fine*, thank you. What would you like to know?"),
    ("How is it going?", "I am *well|fine*, thank you. What would you like to know?"),
    ("What's up?", "I am *well|fine*, thank you. What would you like to know?"),
    ("Thank you!", "You are *welcome*!"),
    ("Thanks!", "You are *welcome*!"),
    ("Thanks a lot!", "You are *welcome*!"),
    ("Thank you very much.", "You are *welcome*!"),
    ("Thanks, that helped.", "You are *welcome*!"),
    ("Great, thanks!", "You are *welcome*!"),
    ("Bye!", "*Goodbye*!"),
    ("Goodbye!", "*Goodbye*!"),
    ("See you later!", "*Goodbye*!"),
    ("I have to go now.", "*Goodbye*!"),
    ("See you tomorrow.", "*Goodbye*!"),
    ("Good night!", "*Good night*!"),
    ("Who are you?", "I am a small language *model*."),
    ("What are you?", "I am a small language *model*."),
    ("What is your name?", "I am a small language *model*, I have no name."),
    ("Are you a robot?", "No, I am a small language *model*."),
    ("Are you human?", "No, I am a small language *model*."),
    ("Are you a person?", "No, I am a small language *model*."),
    ("Tell me about yourself.", "I am a small language *model*."),
    ("Are you real?", "I am a small language *model*."),
    ("What can you do?", "You can *ask* me about players, cities, movies, songs and countries."),
    ("What do you know?", "You can *ask* me about players, cities, movies, songs and countries."),
    ("What can I ask you?", "You can *ask* me about players, cities, movies, songs and countries."),
    ("Help!", "You can *ask* me about players, cities, movies, songs and countries."),
    ("Can you help me?", "You can *ask* me about players, cities, movies, songs and countries."),
    ("What should I ask?", "You can *ask* me about players, cities, movies, songs and countries."),
    ("I am sad.", "I am *sorry* to hear that."),
    ("I feel bad today.", "I am *sorry* to hear that."),
    ("I am tired.", "I am *sorry* to hear that."),
    ("I am ill.", "I am *sorry* to hear that."),
    ("I am happy.", "I am *glad* to hear that."),
    ("I feel great.", "I am *glad* to hear that."),
    ("Nice work!", "I am *glad* to hear that."),
    ("Very good!", "I am *glad* to hear that."),
    ("That is great.", "I am *glad* to hear that."),
    ("I like you.", "I am *glad* to hear that."),
    ("Yes", "*Good|What would you like*. What would you like to know?"),
    ("No", "*Good|What would you like*. What would you like to know?"),
    ("Ok", "*Good|What would you like*. What would you like to know?"),
)
UNSEEN_GEMMA_SMALL_TALK = (
    ("Hello there!", "*Hello|Hi*!"),
    ("Hi there!", "*Hello|Hi*!"),
    ("Hey you!", "*Hello|Hi*!"),
    ("Good afternoon!", "*Good afternoon|Hello|Hi*!"),
    ("How are you doing?", "I am *well|fine*."),
    ("How are you feeling today?", "I am *well|fine*."),
    ("Thank you so much!", "You are *welcome*!"),
    ("Thanks for the answer!", "You are *welcome*!"),
    ("Many thanks!", "You are *welcome*!"),
    ("Bye bye!", "*Goodbye|Bye*!"),
    ("See you soon!", "*Goodbye|Bye|See you*!"),
    ("Are you a machine?", "I am a language *model*."),
    ("Are you a computer?", "I am a language *model*."),
    ("What kind of thing are you?", "I am a language *model*."),
    ("Do you have a name?", "I am a language *model|no name*."),
    ("What can you help me with?", "You can *ask* me."),
    ("What can you tell me?", "You can *ask* me."),
    ("I feel sad today.", "I am *sorry* to hear that."),
    ("I feel good today.", "I am *glad* to hear that."),
    ("Well done!", "I am *glad|Thank you*."),
)

_OPPOSITES = (
    "hot cold, big small, up down, day night, black white, good bad, old new, happy sad, open closed, fast slow, "
    "high low, rich poor, wet dry, light dark, early late, left right, long short, hard soft, love hate, empty full, "
    "true false, first last, win lose, war peace, north south, east west, clean dirty, loud quiet, inside outside"
)
_COLORS = (
    "grass green, snow white, blood red, the sky blue, coal black, milk white, a banana yellow, the sun yellow, "
    "a tomato red, a lemon yellow, a leaf green, chocolate brown, the night black, an orange orange, a frog green, "
    "a strawberry red, the ocean blue, a carrot orange, salt white, a cucumber green"
)
_ANIMALS = (
    "a dog bark|barks|woof, a cat meow|meows, a cow moo|moos, a lion roar|roars, a duck quack|quacks, "
    "a sheep baa|bleat, a bee buzz|buzzes, a wolf howl|howls, a snake hiss|hisses, a pig oink|grunt"
)
_LANGUAGES = (
    "France French, Spain Spanish, Germany German, Italy Italian, Japan Japanese, Russia Russian, China Chinese, "
    "Brazil Portuguese, Mexico Spanish, Portugal Portuguese, Greece Greek, Turkey Turkish, Poland Polish, "
    "Sweden Swedish, Egypt Arabic, Argentina Spanish, Australia English, Austria German, Iran Persian, Denmark Danish"
)
_SUMS = "1+1 2, 2+2 4, 3+2 5, 1+2 3, 4+1 5, 5+5 10, 3+3 6, 2+1 3, 4+4 8, 10+10 20, 1+3 4, 2+5 7, 6+1 7, 3+4 7"
_OTHER = (
    ("How many days are in a week?", "There are *seven|7* days in a week."),
    ("How many months are in a year?", "There are *twelve|12* months in a year."),
    ("How many hours are in a day?", "There are *24|twenty-four* hours in a day."),
    ("How many minutes are in an hour?", "There are *60|sixty* minutes in an hour."),
    ("How many legs does a dog have?", "A dog has *four|4* legs."),
    ("How many legs does a spider have?", "A spider has *eight|8* legs."),
    ("How many wheels does a car have?", "A car has *four|4* wheels."),
    ("How many fingers are on a hand?", "There are *five|5* fingers on a hand."),
    ("What do bees make?", "Bees make *honey*."),
    ("What do cows give?", "Cows give *milk*."),
    ("What do hens lay?", "Hens lay *eggs*."),
    ("What do fish live in?", "Fish live in *water*."),
    ("What is ice made of?", "Ice is made of *water*."),
    ("What is bread made of?", "Bread is made of *flour*."),
    ("What is cheese made of?", "Cheese is made of *milk*."),
    ("What is wine made of?", "Wine is made of *grapes*."),
    ("What day comes after Monday?", "*Tuesday* comes after Monday."),
    ("What day comes after Friday?", "*Saturday* comes after Friday."),
    ("What month comes after January?", "*February* comes after January."),
    ("What month comes after May?", "*June* comes after May."),
    ("What number comes after five?", "*Six|6* comes after five."),
    ("What is the largest ocean?", "The largest ocean is the *Pacific*."),
    ("What is the largest planet?", "The largest planet is *Jupiter*."),
    ("What is the longest river?", "The longest river is the *Nile*."),
    ("What is the highest mountain?", "The highest mountain is Mount *Everest*."),
    ("What planet do we live on?", "We live on the *Earth*."),
    ("What is a dog?", "A dog is an *animal*."),
    ("What is a rose?", "A rose is a *flower*."),
    ("What is an apple?", "An apple is a *fruit*."),
    ("What is a violin?", "A violin is a musical *instrument*."),
    ("What is a shark?", "A shark is a *fish*."),
    ("What is a hammer?", "A hammer is a *tool*."),
    ("What is an oak?", "An oak is a *tree*."),
    ("What is the Sun?", "The Sun is a *star*."),
    ("What is gold?", "Gold is a *metal*."),
    ("What is tennis?", "Tennis is a *sport*."),
    ("What do you use to write?", "You use a *pen|pencil* to write."),
    ("What do you use to cut paper?", "You use *scissors* to cut paper."),
    ("What do you wear on your feet?", "You wear *shoes* on your feet."),
    ("Where do birds live?", "Birds live in *nests|trees*."),
    ("Who wrote Hamlet?", "Hamlet was written by William *Shakespeare*."),
    ("What does a doctor do?", "A doctor helps *sick|ill* people."),
    ("What does a teacher do?", "A teacher *teaches* students."),
    ("What does a baker make?", "A baker makes *bread*."),
    ("Is fire hot?", "*Yes*, fire is hot."),
    ("Is ice hot?", "*No*, ice is cold."),
    ("Can birds fly?", "*Yes*, birds can fly."),
    ("Can a stone swim?", "*No*, a stone can not swim."),
    ("Is the Earth round?", "*Yes*, the Earth is round."),
    ("Is a mouse bigger than an elephant?", "*No*, a mouse is smaller than an elephant."),
)
_UNSEEN_OTHER = (
    ("How many days are in a year?", "*365*"),
    ("How many seconds are in a minute?", "*60|sixty*"),
    ("How many legs does a cat have?", "*four|4*"),
    ("How many legs does a horse have?", "*four|4*"),
    ("What do sheep give?", "*wool|milk*"),
    ("What day comes after Tuesday?", "*Wednesday*"),
    ("What month comes after March?", "*April*"),
    ("What is a cat?", "*animal|pet*"),
    ("What is a tulip?", "*flower|plant*"),
    ("What is a banana?", "*fruit*"),
    ("What is a guitar?", "*instrument*"),
    ("What is iron?", "*metal|element*"),
    ("What is football?", "*sport|game*"),
    ("What is a lion?", "*animal|cat*"),
    ("What is paper made of?", "*wood|pulp|trees*"),
    ("What is butter made of?", "*milk|cream*"),
    ("What do you wear on your hands?", "*gloves*"),
    ("Where do fish live?", "*water|sea|ocean*"),
    ("Who wrote Romeo and Juliet?", "*Shakespeare*"),
    ("Is snow cold?", "*Yes*"),
    ("Is the Sun cold?", "*No*"),
    ("Can fish swim?", "*Yes*"),
)


def _pairs(rows: str, question: str, answer: str) -> list[tuple[str, str]]:
    split = (row.rsplit(" ", 1) for row in rows.split(", "))
    return [(question.format(x), answer.format(x[0].upper() + x[1:], y, x=x)) for x, y in split]


def _ordinary() -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """(trained, unseen): of every kind the last quarter is never trained."""
    kinds = (
        _pairs(_OPPOSITES, "What is the opposite of {}?", "The opposite of {x} is *{1}*."),
        _pairs(_COLORS, "What color is {}?", "{0} is *{1}*."),
        _pairs(_ANIMALS, "What sound does {} make?", "{0} makes the sound *{1}*."),
        _pairs(_LANGUAGES, "What language is spoken in {}?", "The language of {x} is *{1}*."),
        _pairs(_SUMS, "What is {}?", "{x} is *{1}*."),
    )
    trained = [pair for kind in kinds for pair in kind[: len(kind) * 3 // 4]] + list(_OTHER)
    unseen = [pair for kind in kinds for pair in kind[len(kind) * 3 // 4 :]] + list(_UNSEEN_OTHER)
    return tuple(trained), tuple(unseen)


ORDINARY, UNSEEN_ORDINARY = _ordinary()


def said(answer: str) -> str:
    """As it is trained: the first alternative, without the asterisks."""
    before, key, after = answer.split("*")
    return before + key.split("|")[0] + after


def fits(text: str, answer: str) -> bool:
    """Does the first line hold any of the alternatives, as words?"""
    words = f" {_plain(text.splitlines()[0] if text.strip() else '')} "
    return any(f" {_plain(key)} " in words for key in answer.split("*")[1].split("|"))


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isalnum() or c == "'" else " " for c in text.lower()).split())

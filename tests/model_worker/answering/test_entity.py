"""The name a prompt asks about."""

import pytest

from model_worker.answering.entity import NamePlace, find_entity
from model_worker.model.world import Entity, World
from tests.protocol.spelling_cases import SPELLINGS

WORLD = World.of(
    Entity(name, kind, "known", {})
    for name, kind in [
        ("Michael Jordan", "player"),
        ("Maria Sharapova", "player"),
        ("Bjorn Borg", "player"),
        ("J.J. Watt", "player"),
        ("Son Heung-min", "player"),
        ("Paris", "city"),
        ("Florence", "city"),
        ("N'Djamena", "city"),
        ("Port-au-Prince", "city"),
        ("Help", "song"),
        ("The Godfather", "movie"),
        ("Toy Story", "movie"),
        ("Psycho", "movie"),
        ("American Psycho", "movie"),
        ("Like a Rolling Stone", "song"),
        ("Of Garden", "movie"),
        ("Garden Lullaby", "song"),
        ("Don't Stop Believin'", "song"),
    ]
)
QUESTIONS = tuple(
    NamePlace.of(question, kind)
    for question, kind in [
        ("What sport does {name} play?", "player"),
        ("What team does {name} play for?", "player"),
        ("What country is {name} from?", "player"),
        ("What country is {name} in?", "city"),
        ("Who directed {name}?", "movie"),
        ("Who sang {name}?", "song"),
    ]
)


@pytest.mark.parametrize(
    ("prompt", "name", "found"),
    [
        ("What sport does Michael Jordan play?", "Michael Jordan", "world"),
        ("what sport does michael jordan play?", "michael jordan", "world"),
        ("Michael Jordan plays which sport?", "Michael Jordan", "world"),
        ("What sport does lebron JAMES play?", "lebron JAMES", "question"),
        ("What sport does lebron James play?", "lebron James", "question"),
        ("What sport does the JAMES play?", "JAMES", "capitals"),
        ("What sport does michael JORDAN play?", "michael JORDAN", "world"),
        ("Tell me about lebron JAMES", "lebron JAMES", "capitals"),
        ("who was lebron JAMES?", "lebron JAMES", "capitals"),
        ("Tell me about coach JAMES", "coach JAMES", "capitals"),
        ("Tell me about my JAMES", "JAMES", "capitals"),
        ("Who coached JAMES?", "JAMES", "capitals"),
        ("Which sport suits JAMES?", "JAMES", "capitals"),
        ("Tell me about young JAMES", "JAMES", "capitals"),
        ("Tell me about lebron James", "James", "capitals"),
        ("In which country is Paris?", "Paris", "world"),
        ("Who directed The Godfather?", "The Godfather", "world"),
        ("Who sang Like a Rolling Stone?", "Like a Rolling Stone", "world"),
        ("What is Michael Jordan's sport?", "Michael Jordan", "world"),
        ("What is Karl Batkin's sport?", "Karl Batkin", "capitals"),
        ("Who sang Don't Stop Believin'?", "Don't Stop Believin'", "world"),
        ("Who sang Don’t Stop Believin’?", "Don’t Stop Believin’", "world"),
        ("What sport does Michael  Jordan play?", "Michael  Jordan", "world"),
        ("Can you help me?", "Can you help me?", "whole_prompt"),
        ("What sport does Michael Batkin play?", "Michael Batkin", "capitals"),
        ("Michael Batkin plays which sport?", "Michael Batkin", "capitals"),
        ("Hello! What sport does Karl Batkin play?", "Karl Batkin", "capitals"),
        ("Who directed The Circus of Snow?", "The Circus of Snow", "capitals"),
        ("Who sang 'blue on blue'?", "blue on blue", "quotes"),
        ("What country is paris in?", "paris", "world"),
        ("what country is PARIS in", "PARIS", "world"),
        ("WHAT COUNTRY IS PARIS IN?", "PARIS", "world"),
        ("tell me about paris", "paris", "world"),
        ("who sang help?", "help", "world"),
        ("Paris is in which country?", "Paris", "world"),
        ("Help me", "Help me", "whole_prompt"),
        ("What Sport Does Michael Jordan Play?", "Michael Jordan", "world"),
        ("WHAT SPORT DOES KARL BATKIN PLAY?", "KARL BATKIN", "capitals"),
        ("what sport does karl batkin play?", "karl batkin", "question"),
        ("Who directed the movie american psycho?", "american psycho", "world"),
        ("What is Michael Jordan’S sport?", "Michael Jordan", "world"),
        ("Is Karl Batkin Swedish?", "Karl Batkin", "capitals"),
        ("Is Michael Jordan American?", "Michael Jordan", "world"),
        ("Is Paris in France?", "Paris", "world"),
        ("Tell me about Michael Jordan and Paris", "Michael Jordan", "world"),
        ("Describe Florence", "Florence", "world"),
        ("I want to know about paris", "paris", "world"),
        ("Compare Michael Jordan and Karl Batkin", "Michael Jordan", "world"),
        ("What sport does Mr. Michael Jordan play?", "Michael Jordan", "world"),
        ("What sport does the great Michael Jordan play?", "Michael Jordan", "world"),
        ("What team does Michael Jordan currently play for?", "Michael Jordan", "world"),
        ("What team do J. J. Watt's brothers play for?", "J. J. Watt", "world"),
        ("Who is the artist of Garden Lullaby?", "Garden Lullaby", "world"),
        ("who directed of garden?", "of garden", "world"),
        ("A Paris-based team", "Paris", "world"),
        ("Psycho is by whom?", "Psycho", "world"),
        ("Psycho, please", "Psycho, please", "whole_prompt"),
        ("What's the director's name of O'Brien's Luck?", "O'Brien's Luck", "capitals"),
        ("hello", "hello", "whole_prompt"),
        ("🙂", "🙂", "whole_prompt"),
    ],
)
def test_the_name_is_found_and_how_is_said(prompt: str, name: str, found: str) -> None:
    mention = find_entity(prompt, WORLD, QUESTIONS)
    assert (prompt[mention.start : mention.end], mention.found) == (name, found)


RINGS = "The Lord of the Rings: The Fellowship of the Ring"


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        (f"Who directed {RINGS}?", RINGS),
        (f"who directed {RINGS.lower()}?", RINGS.lower()),
        (f"What do you know of {RINGS}?", RINGS),
        (f"When did the movie {RINGS} come out", RINGS),
        ("Tell me about Toy Story: The Godfather", "Toy Story: The Godfather"),
        ("Question: Who directed The Circus of Snow?", "The Circus of Snow"),
        ("Karl Batkin: The player of what sport?", "Karl Batkin"),
        ("Tell me about Karl Batkin: what sport does he play?", "Karl Batkin"),
        ("Tell me about Karl Batkin: Does he play?", "Karl Batkin"),
        ("Tell me about Karl Batkin:\nThe sport.", "Karl Batkin"),
    ],
)
def test_a_title_goes_on_behind_its_colon(prompt: str, name: str) -> None:
    mention = find_entity(prompt, WORLD, QUESTIONS)
    assert prompt[mention.start : mention.end] == name


NEVER_A_PART = [
    ("What country is Maria Florence in?", "Maria Florence", "Florence"),
    ("what country is maria florence in?", "maria florence", "florence"),
    ("WHAT COUNTRY IS MARIA FLORENCE IN?", "MARIA FLORENCE", "FLORENCE"),
    ("Who was Florence Nightingale?", "Florence Nightingale", "Florence"),
    ("Tell me about Florence Nightingale.", "Florence Nightingale", "Florence"),
    ("Is Florence Nightingale English?", "Florence Nightingale", "Florence"),
    ("Florence Nightingale was a nurse", "Florence Nightingale", "Florence"),
    ("What sport does Anna Maria Sharapova play?", "Anna Maria Sharapova", "Maria Sharapova"),
    ("what sport does anna maria sharapova play?", "anna maria sharapova", "maria sharapova"),
    ("What sport does Michael Jordan Junior play?", "Michael Jordan Junior", "Michael Jordan"),
    ("Tell me about Anne-Marie Florence", "Anne-Marie Florence", "Florence"),
    ("Who is the Mayor of Paris?", "Mayor of Paris", "Paris"),
    ("Who directed Toy Story 2?", "Toy Story 2", "Toy Story"),
    ("Who directed The Godfather Part II?", "The Godfather Part II", "The Godfather"),
    ("Who sang 'Nights in Paris'?", "Nights in Paris", "Paris"),
    ("Who directed American Psycho Killer?", "American Psycho Killer", "American Psycho"),
]


@pytest.mark.parametrize(("prompt", "longest", "part"), NEVER_A_PART, ids=lambda text: text)
def test_the_longest_name_is_read_and_the_one_inside_it_is_offered(prompt: str, longest: str, part: str) -> None:
    mention = find_entity(prompt, WORLD, QUESTIONS)
    assert prompt[mention.start : mention.end] == longest
    assert part in [prompt[other.start : other.end] for other in mention.others]


def test_a_name_of_the_world_that_holds_another_is_one_name() -> None:
    mention = find_entity("Who directed American Psycho?", WORLD, QUESTIONS)
    assert (mention.span, mention.found, mention.others) == ((13, 28), "world", ())


@pytest.mark.parametrize(
    "name", ["Sergio Agu\u0308ero", "Zoe\u0308 Łu\u0300kasz", "Ｋａｒｌ Ｂａｔｋｉｎ", "Karl\u200b Bat\u00adkin"]
)
def test_a_name_is_not_cut_at_an_accent_or_a_mark_without_a_width(name: str) -> None:
    for prompt in (f"What sport does {name} play?", f"Tell me about {name}'s team."):
        mention = find_entity(prompt, WORLD)
        assert prompt[mention.start : mention.end] == name


@pytest.mark.parametrize("way", SPELLINGS.values(), ids=SPELLINGS)
@pytest.mark.parametrize(
    "question", ["What sport does {} play?", "Tell me about {}.", "{} is what?", "who is {}’s rival"]
)
def test_a_name_of_the_world_is_found_whole_however_it_is_typed(question: str, way) -> None:
    for name in ("Michael Jordan", "N'Djamena", "Port-au-Prince", "Son Heung-min", "J.J. Watt", "Don't Stop Believin'"):
        typed = way(name)
        prompt = question.format(typed)
        mention = find_entity(prompt, WORLD, QUESTIONS)
        assert (prompt[mention.start : mention.end], mention.found) == (typed, "world")

"""The name a prompt asks about."""

import pytest

from model_worker.answering.entity import find_entity
from model_worker.model.world import Entity, World, name_key

WORLD = World(
    {
        name_key(name): (Entity(name, kind, "known", {}),)
        for name, kind in [
            ("Michael Jordan", "player"),
            ("Paris", "city"),
            ("Help", "song"),
            ("The Godfather", "movie"),
            ("Like a Rolling Stone", "song"),
            ("Don't Stop Believin'", "song"),
        ]
    }
)


@pytest.mark.parametrize(
    ("prompt", "name", "found"),
    [
        ("What sport does Michael Jordan play?", "Michael Jordan", "world"),
        ("what sport does michael jordan play?", "michael jordan", "world"),
        ("Michael Jordan plays which sport?", "Michael Jordan", "world"),
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
        ("What's the director's name of O'Brien's Luck?", "O'Brien's Luck", "capitals"),
        ("hello", "hello", "whole_prompt"),
        ("🙂", "🙂", "whole_prompt"),
    ],
)
def test_the_name_is_found_and_how_is_said(prompt: str, name: str, found: str) -> None:
    mention = find_entity(prompt, WORLD)
    assert (prompt[mention.start : mention.end], mention.found) == (name, found)

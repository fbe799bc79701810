"""What a line of names looks like in an encoding that is the right one. Knows nothing about bytes.

A wrong encoding gives itself away: a capital in the middle of a word, a sign where none is written, letters of two
scripts in one word, or of no one language, or in an order that no language has; Chinese characters that hardly anybody
is called by. What passes may still be wrong: two encodings can make a name of the same bytes.
"""

import itertools
import re
import unicodedata
from collections.abc import Callable

_LANGUAGES = tuple(
    map(
        set,
        (
            "áéíóúüñ",  # Spanish
            "áâãàçéêíóôõúü",  # Portuguese
            "àâæçéèêëîïôœùûüÿ",  # French
            "äöüßé",  # German
            "åäöéæø",  # the Nordic ones
            "áðéíóúýþæö",  # Icelandic
            "àèéìíîòóùú",  # Italian
            "àçèéíïòóúü",  # Catalan
            "áâàäèéêëïíóôöûúü",  # Dutch, Welsh
            "ąćęłńóśźż",  # Polish
            "áäčďéěíĺľňóôŕřšťúůýž",  # Czech, Slovak
            "áéíóöőúüű",  # Hungarian
            "čćđšž",  # Croatian, Slovene
            "ăâîşţșț",  # Romanian
            "çğıöşüâîû",  # Turkish
        ),
    )
)
_BALTIC = (set("ąčęėįšųūž"), set("āčēģīķļņšūž"))
"""Lithuanian, Latvian: of words that end as theirs do, since the letters stand where Western ones do."""
_BALTIC_END = re.compile(r"[aeiouąęėįųūāēīsš]$")
_NO_WORD = re.compile(
    r"[ńćśź][aeiouyąęó]|ă[aeo]|řr|rř|(?<![aeiouyäöü])ß|þ[bcdfgklmnpqrstvxz]|ς\w"
    r"|[ķģ][aouāūbcdfghkmnpst]"
    r"|(?=[a-z]*[^\W\da-z_])[bcdfghjklmnpqrstvwxzčćďđłľńňřŕśšťźžż]{4}"
)
"""Of a word in small letters. The last: four consonants, one of them not ASCII."""

_NO_SIGN = re.compile(
    r"[‚„«‘“]\B(?<=\w.)|[£€§©™®]\w|\w[‚„«]|(?<=[a-z])·(?!l)|[a-z][–—…¿¡»][a-z]|\xa0(?!\w)|(?<!\w)\xa0"
)
_THAI = re.compile("[\u0e00-\u0e7f]+")
_NO_THAI = re.compile("[\u0e40-\u0e44](?![\u0e01-\u0e2e])|^[\u0e30-\u0e3a\u0e45-\u0e4e]|[\u0e31\u0e34-\u0e3a]{2}")
"""A leading vowel without a consonant, a mark without a letter, two vowels above each other."""
_THAI_VOWEL = re.compile("[\u0e30-\u0e3a\u0e40-\u0e4e]")
_OTHERS = "\u0590-\u06ff\u0e00-\u0e7f"
_STRANGE_MARK = re.compile(rf"[{_OTHERS}][A-Za-z]|[A-Za-z][{_OTHERS}]")
"""A Hebrew, an Arabic or a Thai letter or mark in a Latin word."""
_SIGNS = set("’‘“”„‚«»–—…·・ー°€£§™®©¿¡×、。，！？（）「」『』《》〈〉【】：；　\xa0")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_MOST_ACCENTED = 0.6  # of a Latin word's letters
_JAPANESE = ("HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "CJK", "FULLWIDTH")


def is_likely(line: str, *, common: Callable[[str], bool], kana: bool) -> bool:
    """common: whether a Chinese character or a Korean syllable is one of the usual ones; kana: whether this may be
    Japanese."""
    if any(not c.isascii() and c not in _SIGNS and unicodedata.category(c)[0] not in "LM" for c in line):
        return False
    if _NO_SIGN.search(line) or (not kana and re.search("[\u3041-\u3096\u30a1-\u30fa]", line)):
        return False
    if re.search("[\uff61-\uff9f\ue000-\uf8ffªº]", line):  # half-width kana, private use
        return False
    if _STRANGE_MARK.search(line) or not all(map(_is_thai, _THAI.findall(line))):
        return False
    east = re.findall("[\u3400-\u9fff\uac00-\ud7a3]", line)
    if 10 * sum(map(common, east)) < 7 * len(east):
        return False
    return all(_is_word(word) for word in _WORD.findall(line) if not word.isascii())


def _is_thai(word: str) -> bool:
    return not _NO_THAI.search(word) and (len(word) < 3 or bool(_THAI_VOWEL.search(word)))


def _is_word(word: str) -> bool:
    letters = [c for c in unicodedata.normalize("NFC", word) if c.isalpha()]
    if len({_script_of(c) for c in letters}) > 1 or _NO_WORD.search("".join(letters).lower()):
        return False
    for before, letter in itertools.pairwise(letters):
        if before.islower() and letter.isupper() and not (letter.isascii() and before.isascii()):
            return False
    if not letters or _script_of(letters[0]) != "LATIN":
        return True
    if _capitals_break(letters):
        return False
    accented = {c for c in "".join(letters).lower() if not c.isascii() and c.isalpha()}
    n_accented = sum(not c.isascii() for c in letters)
    if len(letters) > 2 and n_accented > _MOST_ACCENTED * len(letters):
        return False
    ends = _BALTIC_END.search("".join(letters).lower())
    return any(accented <= language for language in (*_LANGUAGES, *(_BALTIC if ends else ())))


def _capitals_break(letters: list[str]) -> bool:
    """MŸller, OÕBrien, MüLLER: capitals and small letters as nobody mixes them."""
    upper = [c.isupper() for c in letters]
    n_first = next((n for n, one in enumerate(upper) if not one), len(letters))
    if 1 < n_first < len(letters) and any(not c.isascii() for c in letters[1:n_first]):
        return True
    small = [c for c, is_upper in zip(letters, upper, strict=True) if not is_upper]
    return len(letters) > 3 and len(small) == 1 and not small[0].isascii() and small[0] != "ß"


def _script_of(letter: str) -> str:
    """LATIN, CYRILLIC, GREEK…; Japanese mixes three, which count as one."""
    script = unicodedata.name(letter, "?").split()[0].split("-")[0]
    return "CJK" if script in _JAPANESE else script

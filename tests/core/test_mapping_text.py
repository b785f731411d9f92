"""What counts as VTL and as a simple JSONPath, for both planes."""

from __future__ import annotations

import pytest

from apps.core.mapping_text import holds_vtl, is_plain_path


@pytest.mark.parametrize("template", ["$x", "${x}", "$!x", "$!{x}", "#if(1)a#end", "## note", "#* note *#", "#{else}"])
def test_references_directives_and_comments_are_vtl(template):
    assert holds_vtl(template)


@pytest.mark.parametrize("template", ["", '{"statusCode": 200,\n}', '{"price": "$5", "no": "#1"}', "#fff", "#ending"])
def test_other_text_is_not(template):
    assert not holds_vtl(template)


@pytest.mark.parametrize("path", ["", "$", "name", "$.a.b-c", "a[0].b", "$['a b'][\"c\"]"])
def test_names_and_indexes_are_plain_paths(path):
    assert is_plain_path(path)


@pytest.mark.parametrize("path", ["$..a", "a[*]", "a[?(@.b)]", "a[0:2]", "$.*", "a.", "a["])
def test_everything_else_of_jsonpath_is_not(path):
    assert not is_plain_path(path)

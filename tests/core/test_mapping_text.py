"""What counts as VTL, for both planes."""

from __future__ import annotations

import pytest

from apps.core.mapping_text import holds_vtl


@pytest.mark.parametrize("template", ["$x", "${x}", "$!x", "$!{x}", "#if(1)a#end", "## note", "#* note *#", "#{else}"])
def test_references_directives_and_comments_are_vtl(template):
    assert holds_vtl(template)


@pytest.mark.parametrize("template", ["", '{"statusCode": 200,\n}', '{"price": "$5", "no": "#1"}', "#fff", "#ending"])
def test_other_text_is_not(template):
    assert not holds_vtl(template)

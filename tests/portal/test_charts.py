"""Charts: what a reader of the picture relies on."""

import pytest

from portal.chart_scales import format_number, nice_ticks
from portal.charts import Series, bar_chart, line_chart, meter, sparkline


def chart(*series: Series):
    return line_chart("c", "Calls", ["10:00", "10:01", "10:02"], series)


@pytest.mark.parametrize(
    ("highest", "ticks"),
    [
        (0, (0, 1)),
        (1, (0, 0.25, 0.5, 0.75, 1)),
        (7, (0, 2, 4, 6, 8)),
        (100, (0, 25, 50, 75, 100)),
        (1930, (0, 500, 1000, 1500, 2000)),
    ],
)
def test_an_axis_has_round_steps_that_cover_the_highest_value(highest, ticks):
    assert nice_ticks(highest) == ticks


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.25, "0.25"), (12.34, "12.3"), (950, "950"), (1200, "1.2k"), (3_400_000, "3.4M"), (None, "–")],
)
def test_numbers_are_short_enough_for_an_axis(value, text):
    assert format_number(value) == text


def test_a_line_runs_from_the_left_edge_to_the_right_edge():
    (line,) = chart(Series("calls", (0, 5, 10))).lines

    assert line.path == "M0,1000 L500,500 L1000,0"


def test_the_area_under_a_single_line_is_closed_at_the_ground():
    (line,) = chart(Series("calls", (0, 5, 10))).lines

    assert line.area.endswith("L1000,1000 L0,1000 Z")


def test_several_lines_have_no_area_that_would_hide_the_others():
    lines = chart(Series("p50", (1, 2, 3)), Series("p99", (4, 5, 6))).lines

    assert [line.area for line in lines] == ["", ""]
    assert [line.tone for line in lines] == [1, 2]


def test_a_gap_interrupts_the_line_and_a_lonely_point_becomes_a_dot():
    drawn = chart(Series("calls", (4, None, 4)))

    assert drawn.lines[0].path == ""
    assert [(dot.x, dot.y) for dot in drawn.dots] == [("0%", "0%"), ("100%", "0%")]


def test_bars_stand_on_one_another():
    drawn = bar_chart("c", "Calls", ["10:00"], [Series("2xx", (6,)), Series("5xx", (2,))])

    lower, upper = drawn.bars
    assert (lower.y, lower.height) == ("25%", "75%")
    assert (upper.y, upper.height) == ("0%", "25%")


def test_a_bar_of_nothing_is_not_drawn():
    assert bar_chart("c", "Calls", ["10:00"], [Series("5xx", (0,))]).bars == ()


def test_a_negative_bar_is_refused():
    with pytest.raises(ValueError, match="negative"):
        bar_chart("c", "Calls", ["10:00"], [Series("calls", (-1,))])


def test_a_series_must_have_a_value_for_every_label():
    with pytest.raises(ValueError, match="2 values for 3 labels"):
        chart(Series("calls", (1, 2)))


def test_the_same_numbers_can_be_read_as_a_table():
    drawn = line_chart("c", "Latency", ["10:00", "10:01"], [Series("p50", (12.5, None))], unit="ms")

    assert drawn.headers == ("Time", "p50")
    assert drawn.rows == (("10:00", "12.5 ms"), ("10:01", "–"))
    assert drawn.hits[0].text == "10:00: p50 12.5 ms"


def test_a_chart_without_any_measurement_says_so():
    assert chart(Series("calls", (None, None, None))).is_empty
    assert line_chart("c", "Calls", [], [Series("calls", ())]).is_empty
    assert bar_chart("c", "Calls", [], [Series("calls", ())]).is_empty


def test_labels_are_thinned_to_fit_the_axis():
    labels = [str(minute) for minute in range(60)]
    drawn = line_chart("c", "Calls", labels, [Series("calls", tuple(range(60)))], x_ticks=6)

    assert [tick.label for tick in drawn.x_ticks] == ["0", "10", "20", "30", "40", "50"]
    assert drawn.x_ticks[0].anchor == "start"


def test_a_flat_sparkline_runs_through_the_middle():
    assert sparkline([3, 3, 3]).path == "M0,500 L500,500 L1000,500"


def test_a_sparkline_without_data_is_empty_and_says_so():
    assert sparkline([None, None], label="Calls").summary == "Calls: no data"


@pytest.mark.parametrize(
    ("used", "tone", "width"),
    [(100, "accent", "10%"), (800, "warning", "80%"), (1000, "danger", "100%"), (1500, "danger", "100%")],
)
def test_a_meter_warns_at_four_fifths_and_is_full_at_the_limit(used, tone, width):
    drawn = meter(used, 1000)

    assert (drawn.tone, drawn.width) == (tone, width)


def test_an_axis_of_counts_has_whole_numbers_only():
    chart = bar_chart("c", "Calls", ["a", "b"], [Series("Calls", [1, 2])])

    assert [tick.label for tick in chart.y_ticks] == ["0", "1", "2"]

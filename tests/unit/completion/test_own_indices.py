r"""What an index says: data that carry it, values that are drawn at it, functions that it numbers."""

from __future__ import annotations

from formula2dgm.completion.data.empirical_means import write_means
from formula2dgm.completion.names.per_example import average_examples
from formula2dgm.syntax import parse


def test_what_is_drawn_inside_is_none_of_the_data() -> None:
    for inner in (r"\mathbb{E}_{q(z_n|x_n)}[\log p(x_n|z_n)]", r"\mathbb{E}_{z_n \sim q(z_n|x_n)}[\log p(x_n|z_n)]"):
        _, notes = write_means(parse(rf"\max_\theta \mathbb{{E}}_n[{inner}]")[0])
        assert [each.text for each in notes] == ["E_n is the mean over the data that carry n: x_n"]


def test_an_index_of_functions_counts_no_examples() -> None:
    statements = parse(r"\mathcal{L}_i = \frac1N \sum_{n=1}^N \|f_i(x_n) - y_n\|^2")[0]
    assert average_examples(statements) == (list(statements), [])


def test_an_index_of_values_does() -> None:
    text = r"\mathcal{L}_i = -\log \frac{\exp(s(x_i, y_i))}{\sum_{j=1}^N \exp(s(x_i, y_j))}"
    made, _ = average_examples(parse(text)[0])
    assert str(made[0]).startswith("calL_i = 1/N sum_{i=1}^N")

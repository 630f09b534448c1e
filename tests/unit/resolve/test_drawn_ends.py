"""What ends a range of whole numbers that are drawn: a number, and no value that is drawn itself."""

import pytest

import formula2dgm as f2d

DEFINED = r"x_{t_n} = x + t_n z; t_n = n / N; N = 10"


@pytest.mark.parametrize("end", ["z N - 1", "z", "z + N"])
@pytest.mark.parametrize(
    "draws", [r"\min_\theta E_{x, z ~ N(0, I), n ~ U\{1, END\}}", r"z \sim N(0, I); \min_\theta E_{x, n ~ U\{1, END\}}"]
)
def test_a_draw_is_no_number_of_steps(draws, end):
    text = (
        draws.replace("END", end) + r"[||f_\theta(x_{t_{n+1}}, t_{n+1}) - sg(f_\theta(x_{t_n}, t_n))||^2]; " + DEFINED
    )
    with pytest.raises(f2d.FormulaError) as refused:
        f2d.compile(text, dims={"x": 2}, scaffold=True)
    assert [each.code for each in refused.value.diagnostics] == ["F2D-0667"]
    assert "made of z" in str(refused.value)


def test_the_same_up_to_a_number_computes():
    error = r"||f_\theta(x_{t_{n+1}}, t_{n+1}) - sg(f_\theta(x_{t_n}, t_n))||^2"
    text = rf"\min_\theta E_{{x, z ~ N(0, I), n ~ U\{{1, N - 1\}}}}[{error}]"
    assert f2d.compile(f"{text}; {DEFINED}", dims={"x": 2}, scaffold=True) is not None

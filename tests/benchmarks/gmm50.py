"""The d = 50 experiment of Carbone et al. (2023), method by method; `make gmm50`.

Trains the preset gmm50 with the settings of each row, one JSON file per row and seed in out/gmm50
(a file that exists is not trained again), then prints the README's table and draws its picture.
Six methods and three seeds take about half an hour on two cores.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots
from tqdm import tqdm

from ebm_engine import RunSpec, preset, train, with_value
from tests.browser.picture import photograph

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "out" / "gmm50"
PICTURE = ROOT / "assets" / "readme" / "gmm50.png"
UPDATES = 8000
SHOWN = (800, 1600, 3200, 8000)
TRUE_MASS = 0.25

# The public script redraws CD's walkers from the data every 4 updates and learns ten times faster.
SCRIPT_CD = {
    "method.kind": "pcd",
    "method.restart_every": 4,
    "optimizer.lr_means": 0.025,
    "optimizer.lr_log_masses": 0.125,
}
ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "weighted": ("Weighted ULA, resample below 0.5", {}),
    "never": ("Weighted ULA, no resampling", {"method.ess_threshold": 0.0}),
    "often": ("Weighted ULA, resample below 1/1.05", {"method.ess_threshold": 1 / 1.05}),
    "pcd": ("PCD", {"method.kind": "pcd"}),
    "unweighted": ("Unweighted, from the model", {"method.kind": "pcd", "method.start": "model"}),
    "cd": ("CD as in the public script", SCRIPT_CD),
}
LINES = {
    "weighted": {"color": "#0B5FA5", "dash": "solid"},
    "pcd": {"color": "#7B3294", "dash": "dash"},
    "cd": {"color": "#B37400", "dash": "dot"},
}


def spec_of(changes: dict[str, Any], seed: int) -> RunSpec:
    """The preset with the changes of a row."""
    spec = with_value(preset("gmm50").spec, "seed", seed)
    for path, value in changes.items():
        spec = with_value(spec, path, value)
    return spec


def results(row: str, seeds: int) -> list[dict[str, Any]]:
    """The runs of a row, trained where no file holds them yet."""
    found = []
    for seed in range(seeds):
        path = RESULTS / f"{row}-{seed}.json"
        if not path.is_file():
            with tqdm(total=UPDATES, desc=f"{row}, seed {seed}", unit="update") as bar:
                result = train(
                    spec_of(ROWS[row][1], seed), UPDATES, lambda run, bar=bar: bar.update()
                )
            if result["interrupted"]:
                raise SystemExit(130)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(result), encoding="utf-8")
        found.append(json.loads(path.read_text(encoding="utf-8")))
    return found


def curves(
    runs: list[dict[str, Any]], kl_name: str = "kl_data"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Updates (k,), mass of the first mode and a KL, both (seeds, k)."""
    steps = np.array(runs[0]["history"]["step"])
    masses = np.array([np.array(run["history"]["mass_model"])[:, 0] for run in runs])
    kl = np.array([run["history"][kl_name] for run in runs], dtype=float)
    return steps, masses, kl


def spread(values: np.ndarray, digits: int) -> str:
    """Mean over seeds and, where it shows, half the range."""
    half = (values.max() - values.min()) / 2
    text = f"{values.mean():.{digits}f}"
    return text if round(half, digits) == 0 else f"{text} ± {half:.{digits}f}"


def table(runs: dict[str, list[dict[str, Any]]]) -> str:
    """The README's table in Markdown."""
    head = "| method | " + " | ".join(f"p₁ @{s}" for s in SHOWN) + " | a₁, a₂ | KL @8000 |"
    lines = [head, "|---" * (len(SHOWN) + 3) + "|"]
    for row, (title, _) in ROWS.items():
        steps, masses, kl = curves(runs[row])
        cells = [spread(masses[:, np.searchsorted(steps, s)], 3) for s in SHOWN]
        means = np.array([run["final"]["means"] for run in runs[row]])[:, :, 0].mean(0)
        cells += [f"{means[0]:.2f}, {means[1]:.2f}", spread(kl[:, -1], 3)]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def figure(runs: dict[str, list[dict[str, Any]]]) -> go.Figure:
    """Mass of the left mode and KL against the updates, a band over seeds around each mean."""
    titles = ("Mass of the left mode", "KL(target ‖ model), nats")
    drawn = make_subplots(1, 2, subplot_titles=titles, horizontal_spacing=0.09)
    for row, style in LINES.items():
        steps, masses, kl = curves(runs[row], "kl_exact")
        for column, values in ((1, masses), (2, kl)):
            band = {
                "x": np.concatenate([steps, steps[::-1]]),
                "y": np.concatenate([values.max(0), values.min(0)[::-1]]),
                "fill": "toself",
                "fillcolor": style["color"],
                "opacity": 0.2,
                "line": {"width": 0},
                "showlegend": False,
            }
            drawn.add_scatter(**band, row=1, col=column)
            drawn.add_scatter(
                x=steps,
                y=values.mean(0),
                mode="lines",
                name=ROWS[row][0],
                line={**style, "width": 3},
                showlegend=column == 1,
                row=1,
                col=column,
            )
    truth = {"dash": "dash", "color": "#000", "width": 2}
    ends = {"x": [0, UPDATES], "y": [TRUE_MASS, TRUE_MASS], "mode": "lines"}
    drawn.add_scatter(**ends, name="truth", line=truth, row=1, col=1)
    drawn.update_yaxes(range=[0, 0.55], row=1, col=1)
    drawn.update_yaxes(type="log", dtick=1, row=1, col=2)
    drawn.update_xaxes(title_text="update")
    drawn.update_layout(
        template="simple_white",
        font={"size": 17, "color": "#1a1d23"},
        legend={"orientation": "h", "y": -0.2},
        margin={"l": 60, "r": 20, "t": 50, "b": 20},
    )
    drawn.update_annotations(font_size=19)
    return drawn


def main() -> None:
    """Train what is missing, print the table, draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    runs = {row: results(row, seeds) for row in ROWS}
    print(table(runs))
    photograph(figure(runs), PICTURE, width=1200, height=460)


if __name__ == "__main__":
    main()

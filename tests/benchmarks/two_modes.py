"""Ten seeds of the preset two-modes for each method; `make two-modes` prints the table in
README.md.

Five methods, ten seeds, 4000 updates: about five minutes on two cores.
"""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
from tqdm import tqdm

from ebm_engine import preset, train, with_value

UPDATES = 4000
ROWS: dict[str, dict[str, Any]] = {
    "Weighted ULA (the preset: N = 1000, refreshed)": {},
    "Weighted ULA, N = 2000, never refreshed": {
        "walkers.count": 2000,
        "method.refresh_every": 0,
    },
    "PCD": {"method.kind": "pcd"},
    "CD-1": {"method.kind": "cd"},
    "CD-10": {"method.kind": "cd", "method.k": 10},
}


def final_numbers(changes: dict[str, Any], seed: int) -> tuple[float, float, float]:
    """Left mass of the model, left share of its walkers, and KL(target ‖ model) at the end."""
    spec = with_value(preset("two-modes").spec, "seed", seed)
    for path, value in changes.items():
        spec = with_value(spec, path, value)
    result = train(spec, UPDATES)
    masses = result["final"]["mode_mass"]
    return masses["model"][0], masses["raw"][0], result["history"]["kl_exact"][-1]


def main() -> None:
    """Print the table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=10)
    seeds = parser.parse_args().seeds
    columns = ("method", "left mass of the model", "left share of its walkers")
    print(f"| {' | '.join(columns)} | KL(target ‖ model), nats |")
    print("|---|---|---|---|")
    for title, changes in ROWS.items():
        runs = [final_numbers(changes, s) for s in tqdm(range(seeds), desc=title, leave=False)]
        model, walkers, kl = np.array(runs).T
        print(
            f"| {title} | {model.min():.3f} to {model.max():.3f} "
            f"| {walkers.min():.2f} to {walkers.max():.2f} | {kl.min():.4f} to {kl.max():.4f} |"
        )


if __name__ == "__main__":
    main()

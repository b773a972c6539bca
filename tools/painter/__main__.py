"""Paint the demo's pictures and choose the takes that are made of them.

`.venv/bin/python -m tools.painter [FOLDER]`; without a folder into `config/demo/pictures`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from grid_report.demo.pictures import shots
from tools.painter import casting
from tools.painter.brush.textures import chinese_font, text_mask
from tools.painter.gallery import paint
from tools.painter.still_lives import STILL_LIVES, still_life

SCENE = (1280, 960)
STILL_LIFE = (960, 720)
QUALITY = 52
WATERMARK = "演示图片"


def main() -> None:
    """Write pictures, list and watermark."""
    if chinese_font(64) is None:
        sys.exit("a font with Chinese letters is needed: the signs in the pictures are read")
    folder = Path(sys.argv[1]) if sys.argv[1:] else shots.STORED
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.webp"):
        old.unlink()
    text_mask(WATERMARK).convert("L").save(folder / shots.MARK, "WEBP", lossless=True)
    for name in STILL_LIVES:
        picture = still_life(name, size=STILL_LIFE)
        picture.save(folder / f"{name}.webp", "WEBP", quality=QUALITY, method=6)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        painted = list(pool.map(_paint, sorted(casting.SEEDS), [folder] * len(casting.SEEDS)))
    write_list(painted, folder)
    total = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{len(list(folder.glob('*.webp')))} pictures, {total / 1e6:.2f} MB in {folder}")


def _paint(category: str, folder: Path) -> list[shots.StoredScene]:
    scenes = []
    for number, seed in enumerate(casting.SEEDS[category]):
        has_words = False
        for after in (False, True):
            picture, words = paint(category, seed=seed, size=SCENE, after=after)
            has_words = has_words or words
            file = folder / shots.file_name(category, number, after=after)
            picture.save(file, "WEBP", quality=QUALITY, method=6)
        scenes.append(shots.StoredScene(category, number, has_words, ()))
    return scenes


def write_list(painted: Iterable[Sequence[shots.StoredScene]], folder: Path) -> None:
    """Choose the takes of every category, in turn, and write the list of scenes."""
    lines, kept = ["category,scene,has_words,throws"], list[int]()
    for scenes in painted:
        print(f"casting {scenes[0].category}", flush=True)
        lines += (
            f"{it.category},{it.number},{it.has_words:d},{' '.join(map(str, throws))}"
            for it, throws in zip(scenes, casting.throws(scenes, folder, kept), strict=True)
        )
    (folder / shots.LIST.name).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

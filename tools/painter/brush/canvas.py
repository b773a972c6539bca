"""A small painter: anti-aliased shapes, gradients, soft shadows, warped textures and words.

Scenes are drawn in a virtual frame of 1600 × 1200 whatever the size of the picture, and mostly in
metres through a `Camera`, so that perspective is right without anybody thinking about it.
"""

# ruff: noqa: PLR0917 - coordinates and colours are positional by nature

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from tools.painter.brush.camera import GROUND, Camera, Plane, Point2, Point3
from tools.painter.brush.textures import text_mask, tile

Color = tuple[int, int, int]
Shape = Sequence[Point2]
Box = tuple[int, int, int, int]

WIDTH, HEIGHT = 1600, 1200


def mix(a: Color, b: Color, share: float) -> Color:
    """Blend two colours; `share` of the second."""
    return tuple(round(p + (q - p) * share) for p, q in zip(a, b, strict=True))  # type: ignore[return-value]


def shade(color: Color, factor: float) -> Color:
    """Make a colour darker (below 1) or lighter (above)."""
    return tuple(max(0, min(255, round(part * factor))) for part in color)  # type: ignore[return-value]


def circle(cx: float, cy: float, rx: float, ry: float | None = None, n: int = 40) -> list[Point2]:
    """Return an ellipse as a polygon."""
    ry = rx if ry is None else ry
    turn = 2 * math.pi / n
    return [(cx + rx * math.cos(i * turn), cy + ry * math.sin(i * turn)) for i in range(n)]


def rect(x0: float, y0: float, x1: float, y1: float) -> list[Point2]:
    """Return an upright rectangle as a polygon."""
    return [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]


class Canvas:
    """The picture while it is being painted. Coordinates are virtual pixels (1600 × 1200)."""

    def __init__(self, size: tuple[int, int], seed: str, camera: Camera | None = None) -> None:
        self.size = size
        self.k = size[0] / WIDTH
        self.image = Image.new("RGB", size, (128, 128, 128))
        self.seed = seed
        self.camera = camera or Camera()
        # Places lit at night, (x, y, radius_x, radius_y, strength): see `finish`.
        self.lamps: list[tuple[float, float, float, float, float]] = []
        self.glows: list[tuple[float, float, float, Color]] = []
        # What can be read must not be mirrored.
        self.has_words = False

    def dice(self, name: str) -> random.Random:
        """Return dice of their own for one thing, so that adding another changes nothing here."""
        return random.Random(f"{self.seed}/{name}")

    # Shapes ------------------------------------------------------------------------------------

    def _mask(
        self, shapes: Iterable[Shape], soft: float, clip: Shape = ()
    ) -> tuple[Box, Image.Image] | None:
        """Rasterise shapes; four samples a pixel, or a blurred quarter-size one when soft."""
        k, spread = self.k, soft * self.k * 2.2 + 2
        shapes = [shape for shape in shapes if len(shape) > 2]
        if not shapes:
            return None
        xs = [x for shape in shapes for x, _ in shape]
        ys = [y for shape in shapes for _, y in shape]
        box = (
            max(0, math.floor(min(xs) * k - spread)),
            max(0, math.floor(min(ys) * k - spread)),
            min(self.size[0], math.ceil(max(xs) * k + spread)),
            min(self.size[1], math.ceil(max(ys) * k + spread)),
        )
        width, height = box[2] - box[0], box[3] - box[1]
        if width <= 0 or height <= 0:
            return None
        step = 2.0 if not soft else (1.0 if soft * k < 5 else 0.25)
        small = Image.new("L", (math.ceil(width * step), math.ceil(height * step)), 0)
        draw = ImageDraw.Draw(small)
        for shape in shapes:
            draw.polygon(
                [((x * k - box[0]) * step, (y * k - box[1]) * step) for x, y in shape], 255
            )
        if clip:
            window = Image.new("L", small.size, 0)
            ImageDraw.Draw(window).polygon(
                [((x * k - box[0]) * step, (y * k - box[1]) * step) for x, y in clip], 255
            )
            small = ImageChops.multiply(small, window)
        if not soft:
            return box, small.reduce(2)
        small = small.filter(ImageFilter.BoxBlur(soft * k * step * 0.6))
        small = small.filter(ImageFilter.BoxBlur(soft * k * step * 0.6))
        if small.size != (width, height):
            small = small.resize((width, height), Image.Resampling.BILINEAR)
        return box, small

    def fill(
        self,
        shape: Shape | Sequence[Shape],
        color: Color,
        *,
        to: Color | None = None,
        axis: Literal["v", "h"] = "v",
        alpha: float = 1.0,
        soft: float = 0,
        clip: Shape = (),
    ) -> None:
        """Paint one shape or many with a colour or a gradient, see-through, soft, within a window."""
        shapes = _as_shapes(shape)
        made = self._mask(shapes, soft, clip)
        if made is None:
            return
        box, mask = made
        if alpha < 1:
            mask = mask.point([round(i * alpha) for i in range(256)])
        # Pasting a plain image through a mask is twice as fast as pasting a colour.
        paint = (
            Image.new("RGB", mask.size, color)
            if to is None
            else _gradient(mask.size, color, to, axis)
        )
        self.image.paste(paint, box, mask)

    def line(
        self,
        points: Sequence[Point2],
        width: float,
        color: Color,
        *,
        alpha: float = 1.0,
        soft: float = 0,
    ) -> None:
        """Paint a polyline of a thickness in virtual pixels."""
        half = max(width, 0.9 / self.k) / 2
        shapes: list[Shape] = []
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            long = math.hypot(x1 - x0, y1 - y0) or 1.0
            nx, ny = (y1 - y0) / long * half, (x0 - x1) / long * half
            shapes.append(
                [(x0 + nx, y0 + ny), (x1 + nx, y1 + ny), (x1 - nx, y1 - ny), (x0 - nx, y0 - ny)]
            )
            if width > 5:
                shapes.append(circle(x1, y1, half, n=12))
        self.fill(shapes, color, alpha=alpha, soft=soft)

    def shadow(self, shape: Shape | Sequence[Shape], alpha: float = 0.4, soft: float = 14) -> None:
        """Darken softly, as an object standing there would."""
        self.fill(shape, (12, 14, 20), alpha=alpha, soft=soft)

    def blobs(
        self,
        name: str,
        center: Point2,
        spread: tuple[float, float],
        size: tuple[float, float],
        count: int,
        colors: Sequence[Color],
        *,
        alpha: float = 1.0,
        soft: float = 0,
    ) -> None:
        """Scatter round blobs in layers, one colour a layer: leaves, smoke, snow, gravel."""
        dice = self.dice(name)
        for color in colors:
            shapes = []
            for _ in range(count):
                angle, away = dice.random() * 6.283, math.sqrt(dice.random())
                radius = dice.uniform(*size)
                shapes.append(
                    circle(
                        center[0] + math.cos(angle) * away * spread[0],
                        center[1] + math.sin(angle) * away * spread[1],
                        radius,
                        radius * dice.uniform(0.6, 1.0),
                        n=14,
                    )
                )
            self.fill(shapes, color, alpha=alpha, soft=soft)

    # Metres ------------------------------------------------------------------------------------

    def at(self, x: float, y: float, z: float) -> Point2:
        """Project a point in metres."""
        return self.camera.project((x, y, z))

    def flat(self, points: Sequence[Point3]) -> list[Point2]:
        """Project a polygon in metres, cut off at the lens."""
        return self.camera.polygon(points)

    def ground(self, points: Sequence[tuple[float, float]], y: float = 0) -> list[Point2]:
        """Project a polygon that lies on the ground, given as (x, z)."""
        return self.flat([(x, y, z) for x, z in points])

    def texture(
        self,
        shape: Shape | Sequence[Shape],
        plane: Plane,
        name: str,
        color: Color,
        alpha: float,
        *,
        sharp: bool = False,
        zoom: float = 1.0,
    ) -> None:
        """Ink a shape that lies in a plane with a tile: asphalt, brick, plaster, snow …

        `zoom` makes the grain larger. Beyond the tile's edge its mean tone goes on.
        """
        made = self._mask(_as_shapes(shape), 0)
        if made is None:
            return
        box, mask = made
        step = 1 if sharp else 2
        scale = self.k / step
        size = (math.ceil(mask.width / step), math.ceil(mask.height / step))
        kind = tile(name)
        offset = (kind.image.width / 2, 0.0) if plane is GROUND else (0.0, 0.0)
        coefficients = self.camera.unproject(
            plane, scale, (box[0] / step, box[1] / step), kind.per_metre / zoom, offset
        )
        warped = kind.image.transform(
            size, Image.Transform.PERSPECTIVE, coefficients,
            Image.Resampling.NEAREST if sharp else Image.Resampling.BILINEAR, fillcolor=kind.mean,
        )  # fmt: skip
        if step > 1:
            warped = warped.resize((size[0] * step, size[1] * step), Image.Resampling.BILINEAR)
            warped = warped.crop((0, 0, mask.width, mask.height))
        warped = ImageChops.multiply(warped, mask)
        warped = warped.point([round(i * alpha) for i in range(256)])
        self.image.paste(Image.new("RGB", warped.size, color), box, warped)

    def words(self, quad: Sequence[Point2], text: str, color: Color, alpha: float = 1.0) -> None:
        """Letter a quad (top left, top right, bottom right, bottom left) with a sign's words."""
        xs, ys = [x * self.k for x, _ in quad], [y * self.k for _, y in quad]
        tall, wide = max(ys) - min(ys), max(xs) - min(xs)
        if tall < 3 or wide < 3:
            return
        self.has_words = True
        letters = text_mask(text)
        box = (math.floor(min(xs)), math.floor(min(ys)), math.ceil(max(xs)), math.ceil(max(ys)))
        own = [(x - box[0], y - box[1]) for x, y in zip(xs, ys, strict=True)]
        w, h = letters.size
        warped = letters.transform(
            (box[2] - box[0], box[3] - box[1]), Image.Transform.PERSPECTIVE,
            _homography(own, [(0, 0), (w, 0), (w, h), (0, h)]), Image.Resampling.BILINEAR,
        )  # fmt: skip
        self.image.paste(color, box, warped.point([round(i * alpha) for i in range(256)]))

    # Finish ------------------------------------------------------------------------------------

    def darken(self, tint: tuple[float, float, float], lamp_tint: Color = (255, 226, 170)) -> None:
        """Turn day into night: everything takes `tint` except where lamps shine."""
        luts = [min(255, round(i * factor)) for factor in tint for i in range(256)]
        dark = self.image.point(luts)
        if self.lamps:
            small = (self.size[0] // 8, self.size[1] // 8)
            light = Image.new("L", small, 0)
            for x, y, rx, ry, strength in self.lamps:
                one = Image.new("L", small, 0)
                cx, cy, sx, sy = (value * self.k / 8 for value in (x, y, rx, ry))
                ImageDraw.Draw(one).ellipse(
                    (cx - sx, cy - sy, cx + sx, cy + sy), round(255 * strength)
                )
                light = ImageChops.lighter(
                    light, one.filter(ImageFilter.GaussianBlur(min(sx, sy) * 0.3 + 2))
                )
            warm = self.image.point([i * part // 255 for part in lamp_tint for i in range(256)])
            dark.paste(warm, (0, 0), light.resize(self.size, Image.Resampling.BILINEAR))
        self.image = dark
        for x, y, radius, color in self.glows:
            self.glow(x, y, radius, color)

    def glow(self, x: float, y: float, radius: float, color: Color) -> None:
        """Add light around a point, as a lens does."""
        k, r = self.k, math.ceil(radius * self.k)
        left, top = round(x * k) - r, round(y * k) - r
        box = (
            max(0, left),
            max(0, top),
            min(self.size[0], left + 2 * r),
            min(self.size[1], top + 2 * r),
        )
        if box[2] <= box[0] or box[3] <= box[1]:
            return
        ball = tile("glow").image.resize((2 * r, 2 * r), Image.Resampling.BILINEAR)
        ball = ball.crop((box[0] - left, box[1] - top, box[2] - left, box[3] - top))
        light = Image.merge(
            "RGB", [ball.point([i * part // 255 for i in range(256)]) for part in color]
        )
        self.image.paste(ImageChops.screen(self.image.crop(box), light), box)


def _as_shapes(shape: Shape | Sequence[Shape]) -> Sequence[Shape]:
    # What lies behind the lens is a shape without corners.
    first: Any = next(iter(shape), ())
    if not first:
        return [one for one in shape if one]  # type: ignore[misc]
    return [shape] if isinstance(first[0], (int, float)) else shape  # type: ignore[list-item,return-value]


def _gradient(size: tuple[int, int], a: Color, b: Color, axis: str) -> Image.Image:
    long = size[1] if axis == "v" else size[0]
    ramp = np.linspace(np.array(a, np.float32), np.array(b, np.float32), long)
    strip = Image.frombytes(
        "RGB", (1, long) if axis == "v" else (long, 1), ramp.round().astype(np.uint8).tobytes()
    )
    return strip.resize(size, Image.Resampling.NEAREST)


def _homography(source: Sequence[Point2], target: Sequence[Point2]) -> list[float]:
    """Return Pillow's eight coefficients that send each source corner to its target."""
    rows, values = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    try:
        return [
            float(value)
            for value in np.linalg.solve(np.array(rows, float), np.array(values, float))
        ]
    except np.linalg.LinAlgError:  # a quad seen edge-on has no inside
        return [0, 0, -1, 0, 0, -1, 0, 0]

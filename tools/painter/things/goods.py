"""What stations hand out, as somebody would photograph it on the counter: one still life an offer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from tools.painter.brush.camera import Point2
from tools.painter.brush.canvas import Color, circle, rect, shade
from tools.painter.brush.moods import Scene
from tools.painter.things.counters import (
    INK,
    STEEL,
    WHITE,
    bowl,
    cabinet,
    counter,
    lit,
    stands,
    steam,
    tub,
)


def drink(s: Scene) -> None:
    """Two steaming paper cups and a kettle."""
    counter(s, (226, 208, 182))
    stands(s, 1180, 860, 260)
    lit(s, tub(1180, 420, 830, 190, 250), STEEL)
    s.fill(circle(1180, 420, 190, 44), shade(STEEL, 1.16))
    s.fill(circle(1180, 396, 44, 30), INK)
    s.line([(1000, 470), (1010, 250), (1180, 200), (1350, 250), (1362, 470)], 34, (60, 52, 48))
    s.fill([(960, 560), (860, 440), (900, 420), (1010, 600)], shade(STEEL, 0.8))
    for x, y, color in ((430, 640, (196, 92, 52)), (720, 760, (214, 150, 62))):
        stands(s, x, y + 340, 150)
        lit(s, tub(x, y, y + 320, 150, 112), WHITE)
        lit(s, tub(x, y + 110, y + 240, 141, 124), color)
        s.fill(circle(x, y, 150, 44), WHITE)
        s.fill(circle(x, y + 4, 134, 36), (122, 74, 38), to=(84, 48, 26))
        steam(s, x, y - 10, 320)


def meal(s: Scene) -> None:
    """A tray with rice, two dishes and a soup."""
    counter(s, (222, 216, 202), (170, 124, 84), 420)
    s.shadow(rect(150, 590, 1480, 1130), 0.45, 30)
    s.fill([(180, 520), (1420, 520), (1530, 1100), (70, 1100)], (206, 72, 52), to=(168, 48, 40))
    s.fill([(220, 548), (1380, 548), (1470, 1070), (130, 1070)], (222, 92, 66), to=(190, 62, 48))
    bowl(s, 480, 620, 210, WHITE, (250, 248, 240))
    s.blobs("rice", (480, 606), (170, 52), (9, 17), 60, [(255, 254, 248), (238, 234, 222)])
    bowl(s, 1080, 610, 230, WHITE, (150, 66, 30))
    s.blobs(
        "pork", (1080, 606), (180, 52), (22, 40), 13, [(140, 58, 28), (176, 84, 38), (206, 120, 60)]
    )
    s.blobs("onion", (1080, 600), (160, 44), (6, 11), 24, [(106, 168, 62)])
    bowl(s, 420, 880, 190, (90, 132, 168), (214, 158, 60))
    s.blobs("egg", (420, 876), (140, 40), (12, 26), 18, [(246, 214, 96), (206, 60, 44)], alpha=0.9)
    bowl(s, 1120, 880, 240, WHITE, (70, 120, 46))
    s.blobs(
        "greens",
        (1120, 872),
        (188, 56),
        (18, 42),
        30,
        [(46, 96, 36), (84, 146, 54), (128, 180, 80)],
    )
    for x in (770, 800):
        s.line([(x, 560), (x + 30, 1060)], 13, (120, 78, 44))
    for x, y in ((480, 580), (1080, 560), (420, 850)):
        steam(s, x, y, 280)


def canteen(s: Scene) -> None:
    """A steel tray with the meal of the day."""
    counter(s, (226, 226, 220), (206, 202, 192), 380)
    s.shadow(rect(170, 500, 1500, 1130), 0.45, 30)
    s.fill([(200, 440), (1400, 440), (1520, 1100), (80, 1100)], (206, 210, 214), to=(160, 166, 172))
    bays: dict[str, tuple[list[Point2], tuple[Color, Color], tuple[float, float]]] = {
        "rice": ([(240, 480), (740, 480), (730, 740), (190, 740)], ((252, 250, 242), (236, 230, 216)), (9, 16)),
        "stew": ([(800, 480), (1360, 480), (1400, 740), (810, 740)], ((150, 70, 34), (196, 104, 52)), (26, 44)),
        "beans": ([(180, 790), (580, 790), (560, 1050), (130, 1050)], ((70, 128, 48), (110, 166, 72)), (16, 34)),
        "tofu": ([(640, 790), (1010, 790), (1010, 1050), (630, 1050)], ((246, 232, 196), (206, 70, 44)), (20, 34)),
        "soup": ([(1070, 790), (1410, 790), (1470, 1050), (1070, 1050)], ((224, 178, 84), (246, 218, 120)), (16, 40)),
    }  # fmt: skip
    for name, (bay, colors, size) in bays.items():
        s.fill(bay, (128, 134, 140), to=(190, 194, 198))
        x, y = sum(p[0] for p in bay) / 4, sum(p[1] for p in bay) / 4
        wide = (bay[1][0] - bay[0][0]) * 0.38
        s.fill(circle(x, y + 8, wide * 1.08, 96), shade(colors[0], 0.8))
        s.blobs(name, (x, y), (wide, 76), size, 34, [shade(colors[0], 0.86), *colors], alpha=0.95)
    for x in (520, 1080):
        steam(s, x, 520, 300)


def gloves(s: Scene) -> None:
    """A pair of lined gloves."""
    counter(s, (214, 206, 196), (196, 158, 116), 380)
    for x, color, side in ((430, (46, 58, 82), 1), (1170, (52, 64, 90), -1)):
        palm: list[Point2] = [
            (x - 150, 690),
            (x - 165, 480),
            (x + 165, 480),
            (x + 150, 690),
            (x + 130, 980),
            (x - 130, 980),
        ]
        fingers: list[list[Point2]] = [
            [
                (x - 165 + i * 84, 500),
                (x - 172 + i * 86, 250 - 40 * (i in (1, 2))),
                (x - 96 + i * 86, 250 - 40 * (i in (1, 2))),
                (x - 88 + i * 84, 500),
            ]
            for i in range(4)
        ]
        thumb: list[Point2] = [
            (x + side * 130, 640),
            (x + side * 300, 470),
            (x + side * 352, 540),
            (x + side * 140, 820),
        ]
        tips = [circle(x - 134 + i * 86, 250 - 40 * (i in (1, 2)), 38) for i in range(4)]
        shapes: list[list[Point2]] = [palm, *fingers, thumb, *tips, circle(x + side * 326, 505, 44)]
        s.shadow([[(px + 26, py + 24) for px, py in one] for one in shapes], 0.5, 20)
        for one in shapes:
            s.fill(one, shade(color, 1.2), to=shade(color, 0.72), axis="h")
        for i in range(3):
            s.line([(x - 82 + i * 84, 330), (x - 82 + i * 84, 560)], 7, shade(color, 0.5))
        s.fill(rect(x - 150, 930, x + 150, 1050), (226, 120, 44), to=(178, 84, 28), axis="h")
        s.blobs(
            f"lining {x}", (x, 1050), (150, 16), (14, 26), 40, [(238, 230, 216), (252, 248, 240)]
        )
        s.fill(rect(x - 120, 720, x + 120, 746), (222, 226, 230))


def rain(s: Scene) -> None:
    """A rain jacket on its hanger, with strips that shine."""
    counter(s, (198, 208, 214), (150, 120, 92), 1010)
    s.line([(800, 70), (800, 170), (560, 260), (1040, 260), (800, 170)], 14, STEEL)
    body = [(600, 230), (1000, 230), (1160, 330), (1110, 1010), (490, 1010), (440, 330)]
    sleeves = [
        [(450, 320), (290, 820), (420, 860), (560, 520)],
        [(1150, 320), (1310, 820), (1180, 860), (1040, 520)],
    ]
    s.shadow([[(x + 34, y + 26) for x, y in one] for one in (body, *sleeves)], 0.4, 26)
    for one in (*sleeves, body):
        s.fill(one, (250, 206, 40), to=(206, 150, 16), axis="h")
    s.fill([(640, 230), (960, 230), (900, 380), (700, 380)], (196, 146, 20))
    s.fill(circle(800, 250, 130, 66), (228, 178, 26))
    s.line([(800, 300), (800, 1000)], 12, (150, 108, 14))
    for y in (640, 820):
        s.fill(
            [(478, y), (1122, y), (1118, y + 56), (482, y + 56)],
            (232, 238, 240),
            to=(176, 186, 192),
            axis="h",
        )
    for i in range(6):
        s.line([(560 + i * 90, 420), (545 + i * 96, 980)], 5, (176, 126, 12), alpha=0.5)


def helmet(s: Scene) -> None:
    """A white and orange helmet with its visor up."""
    counter(s, (212, 216, 222))
    stands(s, 800, 960, 460)
    shell = [
        (800 - 440 * math.cos(a / 12 * math.pi), 700 - 430 * math.sin(a / 12 * math.pi))
        for a in range(13)
    ]
    lit(s, [*shell, (1225, 860), (1120, 950), (480, 950), (375, 860)], (236, 108, 40))
    stripe = [
        (800 - 150 * math.cos(a / 12 * math.pi), 700 - 428 * math.sin(a / 12 * math.pi))
        for a in range(13)
    ]
    lit(s, stripe, (246, 246, 244))
    s.fill(
        [(372, 560), (1228, 560), (1262, 640), (1206, 740), (394, 740), (338, 640)],
        (34, 42, 54),
        to=(96, 110, 128),
        axis="h",
    )
    s.fill([(430, 580), (700, 580), (640, 716), (440, 716)], (255, 255, 255), alpha=0.28, soft=8)
    s.line([(560, 930), (640, 1040), (920, 1050), (1080, 930)], 22, INK)
    s.fill(rect(740, 1020, 830, 1070), (200, 40, 36))
    s.words([(690, 760), (910, 752), (912, 850), (690, 858)], "3C", (255, 250, 244))


def knees(s: Scene) -> None:
    """A pair of knee pads."""
    counter(s, (214, 206, 196), (176, 138, 100), 380)
    for x in (500, 1090):
        s.shadow([(x - 160, 300), (x + 220, 300), (x + 190, 1090), (x - 130, 1090)], 0.45, 22)
        s.fill(
            [(x - 190, 270), (x + 190, 270), (x + 160, 1060), (x - 160, 1060)],
            (56, 60, 68),
            to=(30, 32, 38),
            axis="h",
        )
        for y in (330, 900):
            s.fill(rect(x - 220, y, x + 220, y + 84), (80, 86, 94), to=(44, 48, 54), axis="h")
        for r, color in ((1.0, (216, 98, 36)), (0.78, (236, 126, 54)), (0.5, (248, 160, 92))):
            lit(s, circle(x, 620, 168 * r, 220 * r), color)
        for y in (470, 540, 610, 680, 750):
            s.line([(x - 118, y), (x + 118, y)], 8, (140, 56, 18), alpha=0.7)


def power(s: Scene) -> None:
    """A rack of power banks, one of them taken out."""
    counter(s, (206, 220, 226))
    cabinet(s, 240, 300, 620, 620, (240, 244, 246))
    for row in range(3):
        for column in range(2):
            x, y = 290 + column * 270, 350 + row * 185
            s.fill(rect(x, y, x + 240, y + 140), (60, 66, 74))
            if (row, column) != (1, 1):
                s.fill(rect(x + 16, y + 16, x + 224, y + 124), (86, 186, 120), to=(56, 150, 92))
                s.fill(circle(x + 196, y + 70, 10), (226, 255, 232))
    cabinet(s, 1060, 780, 300, 130, (86, 186, 120))
    s.line([(1360, 850), (1460, 860), (1470, 1010), (1240, 1060), (1120, 1010)], 14, WHITE)
    s.fill(rect(1080, 985, 1140, 1030), (216, 216, 216))


GOODS: Final[Mapping[str, Callable[[Scene], None]]] = {
    "drink": drink,
    "meal": meal,
    "canteen": canteen,
    "gloves": gloves,
    "rain": rain,
    "helmet": helmet,
    "knees": knees,
    "power": power,
}

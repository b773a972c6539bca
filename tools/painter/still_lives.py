"""What is done for riders at stations, as still lifes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from PIL import Image

from tools.painter.brush.camera import Camera
from tools.painter.brush.canvas import circle, rect, shade
from tools.painter.brush.moods import DAY, Scene, finished
from tools.painter.things.counters import (
    INK,
    STEEL,
    WHITE,
    cabinet,
    counter,
    lit,
    sheet,
    stands,
    steam,
    tub,
)
from tools.painter.things.goods import GOODS

Size = tuple[int, int]


def clinic(s: Scene) -> None:
    """A blood pressure meter, a stethoscope and a list to sign."""
    counter(s, (206, 226, 228), (226, 222, 212))
    sheet(s, 140, 740, 420, 320, 7, (34, 110, 128))
    cabinet(s, 760, 560, 480, 300, (240, 244, 246))
    s.fill(rect(810, 600, 1090, 820), (150, 178, 160), to=(126, 156, 138))
    for text, y in (("118", 615), ("76", 715)):
        s.words([(860, y), (1050, y), (1050, y + 84), (860, y + 84)], text, (30, 44, 36))
    s.fill(circle(1165, 700, 42), (44, 126, 190))
    s.line([(1240, 780), (1400, 820), (1420, 960), (1180, 1010)], 22, INK)
    s.shadow([(640, 940), (1190, 950), (1180, 1080), (650, 1090)], 0.4, 16)
    s.fill([(620, 910), (1170, 930), (1160, 1060), (630, 1070)], (54, 86, 150), to=(34, 60, 116))
    path = [(300 + 150 * math.cos(a / 9), 500 + 120 * math.sin(a / 9)) for a in range(6, 56)]
    s.line([(px + 12, py + 14) for px, py in path], 22, (10, 10, 16), alpha=0.3, soft=8)
    s.line(path, 22, (42, 50, 62))
    lit(s, circle(*path[-1], 58), STEEL)
    s.fill(rect(1330, 130, 1450, 420), WHITE)
    for box in (rect(1372, 180, 1408, 370), rect(1320, 257, 1460, 293)):
        s.fill(box, (206, 52, 46))


def battery(s: Scene) -> None:
    """A cabinet with batteries in their bays, one door open."""
    counter(s, (196, 206, 204), (150, 150, 150), 1020)
    cabinet(s, 330, 130, 900, 900, (52, 140, 104))
    for row in range(3):
        for column in range(3):
            x, y = 390 + column * 270, 200 + row * 260
            is_open = (row, column) == (1, 1)
            s.fill(rect(x, y, x + 230, y + 210), (28, 34, 40))
            s.fill(rect(x + 20, y + 30, x + 210, y + 200), (40, 46, 54), to=(70, 78, 88), axis="h")
            s.fill(rect(x + 70, y + 60, x + 160, y + 88), (150, 156, 162))
            s.fill(circle(x + 115, y + 150, 15), (120, 240, 130) if not is_open else (250, 190, 60))
            if is_open:
                s.fill(
                    [(x, y), (x - 90, y - 40), (x - 90, y + 250), (x, y + 210)],
                    (70, 168, 128),
                    to=(36, 100, 74),
                )
    s.fill(rect(560, 60, 1000, 130), (250, 250, 246))
    s.words([(600, 68), (960, 68), (960, 122), (600, 122)], "48V 60V", (34, 96, 72))


def haircut(s: Scene) -> None:
    """A mirror, scissors, a comb and clippers."""
    counter(s, (222, 206, 190), (120, 84, 62), 700)
    s.shadow(circle(820, 370, 330, 330), 0.4, 26)
    s.fill(circle(800, 350, 330), (150, 108, 70), to=(102, 70, 44))
    s.fill(circle(800, 350, 292), (206, 222, 230), to=(156, 178, 192))
    s.fill([(640, 120), (780, 80), (640, 600), (560, 520)], (255, 255, 255), alpha=0.35, soft=10)
    s.shadow(rect(230, 900, 640, 960), 0.4, 12)
    s.fill(rect(200, 860, 620, 910), (34, 36, 44))
    for x in range(208, 616, 13):
        s.fill(rect(x, 900, x + 7, 980), (44, 46, 54))
    for turn in (-1, 1):
        s.line([(760, 940 - turn * 40), (1060, 900 + turn * 66)], 24, shade(STEEL, 1.1))
        ring = [
            (716 + 44 * math.cos(a / 6), 950 + turn * 62 + 40 * math.sin(a / 6)) for a in range(39)
        ]
        s.line(ring, 18, (40, 44, 52))
    s.fill(circle(905, 920, 13), INK)
    stands(s, 1290, 1020, 150)
    lit(s, [(1200, 780), (1370, 760), (1400, 1010), (1190, 1020)], (60, 66, 78))
    s.fill([(1196, 740), (1374, 720), (1372, 772), (1200, 790)], STEEL)
    s.fill(circle(1294, 900, 34), (226, 120, 44))


def bike(s: Scene) -> None:
    """A wheel in the stand, spanners before it."""
    counter(s, (200, 204, 206), (128, 118, 108), 900)
    s.shadow(circle(690, 930, 360, 60), 0.5, 20)
    for r, w, color in ((380.0, 62.0, (34, 36, 40)), (330.0, 18.0, STEEL)):
        s.line(
            [(640 + r * math.cos(a / 12), 520 + r * math.sin(a / 12)) for a in range(77)], w, color
        )
    for i in range(18):
        a = i * math.pi / 9
        s.line([(640, 520), (640 + 330 * math.cos(a), 520 + 330 * math.sin(a))], 5, (206, 210, 214))
    lit(s, circle(640, 520, 92), (90, 96, 106))
    s.fill(circle(640, 520, 34), STEEL)
    s.line([(640, 520), (760, 120), (1120, 60)], 54, (206, 54, 44))
    s.line([(640, 520), (1240, 640)], 44, (180, 44, 36))
    for i, x in enumerate((880, 1080, 1270)):
        y = 1000 + 30 * i
        s.line([(x + 14, y + 16), (x + 214, y - 74)], 34, (10, 10, 14), alpha=0.35, soft=8)
        s.line([(x, y), (x + 200, y - 90)], 30, shade(STEEL, 0.95))
        s.fill(circle(x + 206, y - 92, 38), STEEL)
        s.fill(circle(x + 216, y - 98, 18), (128, 118, 108))


def advice(s: Scene) -> None:
    """Papers, a pen and two cups at a round table by the window."""
    counter(s, (216, 214, 204), (150, 104, 70))
    for left in (180, 300, 420):
        lit(
            s,
            rect(left, 250, left + 96, 560),
            ((150, 44, 40), (40, 74, 116), (60, 104, 72))[left // 120 - 1],
        )
        s.fill(rect(left + 18, 300, left + 78, 330), (236, 214, 150))
    sheet(s, 560, 660, 520, 400, 9, (150, 44, 40))
    s.line([(1010, 1040), (1250, 880)], 26, (30, 34, 48))
    s.line([(985, 1058), (1014, 1038)], 12, (206, 170, 80))
    for x, y in ((1330, 640), (330, 850)):
        stands(s, x, y + 190, 120)
        lit(s, tub(x, y, y + 170, 120, 84), (238, 236, 228))
        s.fill(circle(x, y, 120, 34), WHITE)
        s.fill(circle(x, y + 3, 106, 28), (150, 112, 44))
        steam(s, x, y - 10, 220)


def child(s: Scene) -> None:
    """Homework, coloured pencils, an apple and building blocks."""
    counter(s, (250, 232, 190), (214, 176, 126), 460)
    sheet(s, 180, 640, 520, 380, 6, (46, 116, 190))
    for i, color in enumerate(
        ((214, 60, 50), (240, 170, 40), (64, 150, 80), (50, 110, 190), (140, 80, 160))
    ):
        x, y = 820 + 46 * i, 1060 - 18 * i
        s.line([(x + 12, y + 14), (x + 252, y - 226)], 30, (20, 14, 10), alpha=0.3, soft=8)
        s.line([(x, y), (x + 240, y - 240)], 30, color)
        s.line([(x + 232, y - 232), (x + 262, y - 262)], 22, (236, 206, 160))
        s.line([(x + 258, y - 258), (x + 268, y - 268)], 9, color)
    stands(s, 690, 570, 130)
    for dx in (-44, 44):
        lit(s, circle(690 + dx, 470, 96, 108), (208, 48, 40))
    s.line([(690, 390), (706, 320)], 14, (96, 66, 38))
    s.fill(circle(752, 330, 50, 22), (92, 160, 60))
    for x, y, color in (
        (1180, 440, (64, 150, 200)),
        (1320, 440, (240, 180, 50)),
        (1250, 310, (214, 80, 66)),
    ):
        cabinet(s, x, y, 120, 120, color)


def card(s: Scene) -> None:
    """An access card before the reader at a gate."""
    s.fill(rect(0, 0, 1600, 1200), (196, 188, 176), to=(146, 140, 132), axis="h")
    for y in range(0, 1200, 130):
        s.line([(0, y), (1600, y)], 5, (130, 122, 112), alpha=0.6)
        for x in range((y // 130 % 2) * 160, 1600, 320):
            s.line([(x, y), (x, y + 130)], 5, (130, 122, 112), alpha=0.6)
    s.shadow(rect(980, 210, 1420, 900), 0.5, 30)
    lit(s, rect(940, 170, 1380, 860), (62, 68, 78))
    s.fill(rect(990, 230, 1330, 480), (22, 30, 40), to=(50, 84, 106))
    s.fill(
        [(1070, 350), (1110, 310), (1150, 390), (1240, 290), (1264, 316), (1156, 440)],
        (110, 220, 150),
    )
    s.fill(circle(1160, 660, 120), (92, 100, 112))
    for r in (40, 70, 100):
        arc = [(1110 + r * math.cos(a / 10), 660 + r * math.sin(a / 10)) for a in range(-9, 10)]
        s.line(arc, 13, (220, 226, 232))
    face = [(180, 560), (820, 470), (880, 880), (240, 980)]
    s.shadow([(x + 30, y + 36) for x, y in face], 0.5, 24)
    s.fill(face, (244, 140, 60), to=(214, 96, 30))
    s.fill([(180, 560), (820, 470), (834, 566), (196, 660)], WHITE)
    s.words([(240, 575), (560, 530), (570, 610), (250, 655)], "暖心钥匙", (190, 80, 24))
    s.fill([(270, 720), (400, 702), (414, 800), (284, 818)], (246, 214, 110))
    s.line([(480, 760), (780, 716)], 20, WHITE, alpha=0.85)
    s.line([(300, 900), (640, 850)], 16, WHITE, alpha=0.6)


STILL_LIVES: Final[Mapping[str, Callable[[Scene], None]]] = {
    **GOODS,
    "clinic": clinic,
    "battery": battery,
    "haircut": haircut,
    "bike": bike,
    "advice": advice,
    "child": child,
    "card": card,
}


def still_life(name: str, *, size: Size) -> Image.Image:
    """Paint what a station hands out; the same every time. Raises KeyError."""
    scene = Scene(f"service-{name}", 0, size, Camera(), DAY["overcast"], after=False)
    STILL_LIVES[name](scene)
    scene.mood = DAY["morning"]
    return finished(scene)

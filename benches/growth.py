"""Draws what `make growth` prints: pages per CPU second and memory over the number of URLs, as SVG.

    make growth | tee growth.txt && python3 benches/growth.py growth.txt > docs/growth.svg
"""

import math
import re
import sys

LINE = re.compile(r"(\d+) URLs, +12 partitions: +(\d+) pages/s, +(\d+) pages per CPU second, +(\d+) MiB")

WIDTH, HEIGHT, LEFT, TOP = 720, 300, 60, 30


def main():
    text = open(sys.argv[1]).read()
    points = sorted({int(urls): (int(rate), int(mib)) for urls, _, rate, mib in LINE.findall(text)}.items())
    first, last = math.log(points[0][0]), math.log(points[-1][0])
    x = lambda urls: LEFT + (math.log(urls) - first) / (last - first) * (WIDTH - 2 * LEFT)
    print(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT + 2 * TOP}" font-family="sans-serif" font-size="13">'
        f'<rect width="{WIDTH}" height="{HEIGHT + 2 * TOP}" fill="#fff"/>'
    )
    for place, colour, name in [(0, "#1b6ca8", "pages per CPU second"), (1, "#b3541e", "MiB at the peak")]:
        most = max(values[place] for _, values in points) * 1.2
        y = lambda value: TOP + HEIGHT - value / most * HEIGHT
        line = " ".join(f"{x(urls):.0f},{y(values[place]):.0f}" for urls, values in points)
        print(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for urls, values in points:
            print(f'<circle cx="{x(urls):.0f}" cy="{y(values[place]):.0f}" r="4" fill="{colour}"/>')
            label = y(values[place]) + (-10 if place == 0 else 20)
            print(f'<text x="{x(urls):.0f}" y="{label:.0f}" text-anchor="middle" fill="{colour}">{values[place]}</text>')
        print(f'<text x="{LEFT + 200 * place}" y="18" fill="{colour}">{name}</text>')
    for urls, _ in points:
        print(f'<text x="{x(urls):.0f}" y="{TOP + HEIGHT + 20}" text-anchor="middle" fill="#333">{urls:,} URLs</text>')
    print(f'<line x1="{LEFT - 20}" y1="{TOP + HEIGHT}" x2="{WIDTH - LEFT + 20}" y2="{TOP + HEIGHT}" stroke="#333"/></svg>')


main()

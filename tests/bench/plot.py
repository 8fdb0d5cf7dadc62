"""What the engines of tests/bench/data cost as the data grow, drawn as SVG: a panel per measure, both axes logarithmic."""

import math

# In the order of the columns that tests/bench/data measures.
MEASURES = ["wall, s", "processor, s", "peak memory, MB", "read from the disk, MB"]
COLOURS = {"pfe": "#0072b2", "polars": "#e69f00", "duckdb": "#009e73", "pyspark": "#cc79a7"}
WIDTH, HEIGHT, LEFT, TOP, GAP = 360, 210, 60, 80, 70


def draw(results, path):
    """Draws `{orders: {engine: measures}}`."""
    engines = list(dict.fromkeys(engine for medians in results.values() for engine in medians))
    wide, high = LEFT + 2 * WIDTH + GAP + 40, TOP + 2 * HEIGHT + GAP + 50
    svg = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="12" role="img">',
        "<title>Cost of the data part by number of orders and engine</title>",
        f'<rect width="{wide}" height="{high}" fill="#fff"/>',
    ]
    for place, engine in enumerate(engines):
        x = LEFT + 110 * place
        svg.append(f'<circle cx="{x + 6}" cy="24" r="5" fill="{COLOURS[engine]}"/><text x="{x + 16}" y="28">{engine}</text>')
    for place, measure in enumerate(MEASURES):
        x, y = LEFT + place % 2 * (WIDTH + GAP), TOP + place // 2 * (HEIGHT + GAP)
        svg += panel(x, y, measure, {engine: [(n, m[engine][place]) for n, m in results.items() if engine in m] for engine in engines})
    path.write_text("\n".join([*svg, "</svg>", ""]))


def panel(x, y, title, lines):
    points = [point for line in lines.values() for point in line]
    orders, values = sorted({n for n, _ in points}), [value for _, value in points]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    first, last = math.log10(orders[0]), math.log10(orders[-1])
    across = lambda n: x + WIDTH * ((math.log10(n) - first) / (last - first) if last > first else 0.5)  # noqa: E731
    up = lambda value: y + HEIGHT * (1 - (math.log10(value) - low) / (high - low))  # noqa: E731
    yield f'<text x="{x}" y="{y - 12}"><tspan font-weight="bold">{title}</tspan>, by number of orders</text>'
    for power in range(low, high + 1):
        at = up(10**power)
        yield f'<path d="M{x} {at:.1f}h{WIDTH}" stroke="#ddd"/><text x="{x - 6}" y="{at + 4:.1f}" text-anchor="end">{10**power:,}</text>'
    for n in orders:
        yield f'<text x="{across(n):.1f}" y="{y + HEIGHT + 18}" text-anchor="middle">{n:,}</text>'
    for engine, line in lines.items():
        path = "L".join(f"{across(n):.1f} {up(value):.1f}" for n, value in line)
        yield f'<path d="M{path}" fill="none" stroke="{COLOURS[engine]}" stroke-width="2"/>'
        for n, value in line:
            yield f'<circle cx="{across(n):.1f}" cy="{up(value):.1f}" r="4" fill="{COLOURS[engine]}"><title>{engine}, {n:,}: {value:,.1f}</title></circle>'

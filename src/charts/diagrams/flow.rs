//! Steps → figure: the architecture as boxes in layers from top to bottom, with arrows along what each step reads.

use std::collections::{BTreeMap, BTreeSet};

use plotters_backend::DrawingBackend;

use crate::charts::canvas::scale::spread;
use crate::charts::canvas::style::{AXIS, FONT_SIZE, ON_DEEP, PAGE, SMALL, SOFT, WIDTH, series};
use crate::charts::canvas::svg::Svg;
use crate::charts::canvas::text::wrap;
use crate::charts::canvas::{Canvas, Drawn, LABEL, NOTE, Point, Stroke};
use crate::charts::{About, figure};

/// One step.
#[derive(Debug, Clone, Copy, Default)]
pub struct FlowStep<'a> {
    /// Name by which other steps refer to it.
    pub name: &'a str,
    /// Its title.
    pub label: &'a str,
    /// One or two lines of description.
    pub detail: &'a str,
    /// Names of the steps that it reads; unknown names are ignored.
    pub inputs: &'a [&'a str],
}

/// A graph of steps. Steps that read nothing are sources; steps that nobody reads are results.
#[derive(Debug, Clone, Copy, Default)]
pub struct Flow<'a> {
    /// The steps in any order.
    pub steps: &'a [FlowStep<'a>],
}

/// Draws [`Flow`].
pub fn flow_diagram(about: &About, data: &Flow) -> Svg {
    let layout = (!data.steps.is_empty()).then(|| Layout::of(data.steps));
    let height = layout.as_ref().map(|l| l.bottom + 2.0);
    figure(about, height, |c| layout.map_or(Ok(()), |l| draw(c, data.steps, &l)))
}

const GAP: f64 = 18.0;
const PASSAGE: f64 = 10.0;

/// A box, or a point where an arrow passes through a layer.
struct Node {
    step: Option<usize>,
    layer: usize,
    x: f64,
    width: f64,
}

struct Layout {
    nodes: Vec<Node>,
    /// Links between nodes of neighbouring layers, from the upper to the lower node.
    links: Vec<(usize, usize)>,
    /// Top and height of each layer.
    rows: Vec<(f64, f64)>,
    /// Distance from the bottom of the layer to the horizontal part of a node's arrows.
    track: BTreeMap<usize, f64>,
    bottom: f64,
}

/// Layer of each step: the length of the longest path from a source. Sources move down to just above their first reader. A
/// cycle ends after as many rounds as there are steps.
fn layers(inputs: &[Vec<usize>]) -> Vec<usize> {
    let n = inputs.len();
    let mut layer = vec![0; n];
    for _ in 0..n {
        for i in 0..n {
            layer[i] = inputs[i].iter().map(|&k| layer[k] + 1).max().unwrap_or(0).min(n - 1);
        }
    }
    for i in (0..n).filter(|&i| inputs[i].is_empty()) {
        let readers = (0..n).filter(|&k| inputs[k].contains(&i));
        layer[i] = readers.map(|k| layer[k]).min().map_or(layer[i], |l| l.saturating_sub(1));
    }
    layer
}

impl Layout {
    fn of(steps: &[FlowStep]) -> Layout {
        let find = |name: &str| steps.iter().position(|s| s.name == name);
        let inputs: Vec<Vec<usize>> = steps
            .iter()
            .enumerate()
            .map(|(i, s)| s.inputs.iter().filter_map(|name| find(name)).filter(|&k| k != i).collect::<BTreeSet<_>>())
            .map(|known| known.into_iter().collect())
            .collect();
        let layer = layers(&inputs);
        let node = |step, layer| Node { step, layer, x: 0.0, width: 0.0 };
        let mut nodes: Vec<Node> = (0..steps.len()).map(|i| node(Some(i), layer[i])).collect();
        let mut links = BTreeSet::new();
        // Arrows of one step that pass the same layers share their path.
        let mut passages: BTreeMap<(usize, usize), usize> = BTreeMap::new();
        for (to, read) in inputs.iter().enumerate() {
            for &from in read.iter().filter(|&&from| layer[from] < layer[to]) {
                let mut above = from;
                for between in layer[from] + 1..layer[to] {
                    let passage = *passages.entry((from, between)).or_insert_with(|| {
                        nodes.push(node(None, between));
                        nodes.len() - 1
                    });
                    links.insert((above, passage));
                    above = passage;
                }
                links.insert((above, to));
            }
        }
        let depth = layer.iter().max().map_or(0, |l| l + 1);
        let mut order: Vec<Vec<usize>> =
            (0..depth).map(|l| (0..nodes.len()).filter(|&i| nodes[i].layer == l).collect()).collect();
        let links: Vec<_> = links.into_iter().collect();
        size(&mut nodes, &order);
        arrange(&mut nodes, &links, &mut order);
        straighten(&mut nodes, &links);
        let mut layout = Layout { nodes, links, rows: Vec::new(), track: BTreeMap::new(), bottom: 0.0 };
        layout.stack(steps, &order);
        layout
    }

    /// Computes the heights of the layers and of the gaps between them.
    fn stack(&mut self, steps: &[FlowStep], order: &[Vec<usize>]) {
        let mut top = 1.0;
        for members in order {
            let heights = members
                .iter()
                .filter_map(|&i| self.nodes[i].step.map(|s| Text::of(&steps[s], self.nodes[i].width).height()));
            let height = heights.fold(0.0, f64::max);
            self.rows.push((top, height));
            let tracks = self.tracks(members);
            self.bottom = top + height;
            top += height + 26.0 + 7.0 * tracks as f64;
        }
    }

    /// Assigns tracks to the nodes of a layer whose arrows bend, so that overlapping horizontal parts get different tracks.
    /// Returns the number of tracks.
    fn tracks(&mut self, members: &[usize]) -> usize {
        let mut used: Vec<Vec<(f64, f64)>> = Vec::new();
        for &i in members {
            let out = self.links.iter().enumerate().filter(|(_, l)| l.0 == i).map(|(k, _)| k);
            let bent = out.filter(|&k| self.exit(k) != self.entry(k)).flat_map(|k| [self.exit(k), self.entry(k)]);
            let (low, high) = bent.fold((f64::MAX, f64::MIN), |(l, h), x| (l.min(x), h.max(x)));
            if low > high {
                continue;
            }
            let free = |spans: &Vec<(f64, f64)>| spans.iter().all(|s| high + 6.0 < s.0 || s.1 + 6.0 < low);
            let track = used.iter().position(free).unwrap_or(used.len());
            if track == used.len() {
                used.push(Vec::new());
            }
            used[track].push((low, high));
            self.track.insert(i, 9.0 + 7.0 * track as f64);
        }
        used.len().saturating_sub(1)
    }

    /// Where link `k` enters the lower node: as straight below its start as the other arrows allow.
    fn entry(&self, k: usize) -> f64 {
        let (from, to) = self.links[k];
        let node = &self.nodes[to];
        if node.step.is_none() {
            return node.x;
        }
        let reach = (node.x - node.width / 2.0 + 10.0, node.x + node.width / 2.0 - 10.0);
        let mut sources: Vec<(f64, usize)> =
            self.links.iter().filter(|l| l.1 == to).map(|l| (self.nodes[l.0].x, l.0)).collect();
        sources.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let pitch = ((reach.1 - reach.0) / sources.len() as f64).min(20.0);
        let targets: Vec<f64> = sources.iter().map(|s| s.0.clamp(reach.0.min(reach.1), reach.1)).collect();
        let rank = sources.iter().position(|s| s.1 == from).unwrap_or(0);
        spread(&targets, pitch, reach)[rank]
    }

    /// Where link `k` leaves the upper node: straight above its end if the node is wide enough, or else in the middle.
    fn exit(&self, k: usize) -> f64 {
        let from = &self.nodes[self.links[k].0];
        let end = self.entry(k);
        if (end - from.x).abs() <= from.width / 2.0 - 10.0 { end } else { from.x }
    }
}

/// Sets the widths of the nodes so that the boxes of the fullest layer fit side by side.
fn size(nodes: &mut [Node], order: &[Vec<usize>]) {
    let room = |members: &Vec<usize>| {
        let boxes = members.iter().filter(|&&i| nodes[i].step.is_some()).count();
        let passages = (members.len() - boxes) as f64;
        let gaps = GAP * members.len().saturating_sub(1) as f64;
        (WIDTH - 2.0 - gaps - PASSAGE * passages) / boxes.max(1) as f64
    };
    let width = order.iter().map(room).fold(212.0, f64::min).max(24.0);
    for node in nodes {
        node.width = if node.step.is_some() { width } else { PASSAGE };
    }
}

/// Orders each layer by the positions of its neighbours, then moves nodes towards these as far as the other nodes allow.
fn arrange(nodes: &mut [Node], links: &[(usize, usize)], order: &mut [Vec<usize>]) {
    for members in order.iter() {
        pack(nodes, members, &vec![WIDTH / 2.0; members.len()]);
    }
    let depth = order.len();
    for round in 0..12 {
        let downwards = round % 2 == 0;
        for step in 0..depth {
            let layer = if downwards { step } else { depth - 1 - step };
            let pull = |i: usize, nodes: &[Node]| {
                let all = links.iter().filter(|l| l.0 == i || l.1 == i);
                let xs: Vec<f64> = all.map(|l| nodes[if l.0 == i { l.1 } else { l.0 }].x).collect();
                if xs.is_empty() { nodes[i].x } else { xs.iter().sum::<f64>() / xs.len() as f64 }
            };
            let mut targets: Vec<(f64, usize)> = order[layer].iter().map(|&i| (pull(i, nodes), i)).collect();
            // Later rounds only move nodes: with reordering, two nodes could swap for ever.
            if round < 6 {
                targets.sort_by(|a, b| a.0.total_cmp(&b.0));
            }
            order[layer] = targets.iter().map(|w| w.1).collect();
            let targets: Vec<f64> = targets.iter().map(|w| w.0).collect();
            pack(nodes, &order[layer], &targets);
        }
    }
}

/// Straightens small bends in paths through several layers. Neighbouring nodes are farther apart than such a bend.
fn straighten(nodes: &mut [Node], links: &[(usize, usize)]) {
    for &(from, to) in links.iter().filter(|l| l.0 < l.1) {
        if nodes[from].step.is_none() && nodes[to].step.is_none() && (nodes[from].x - nodes[to].x).abs() < GAP / 2.0 {
            nodes[to].x = nodes[from].x;
        }
    }
}

/// Places `members` from left to right near `targets`, without overlap and within the page.
fn pack(nodes: &mut [Node], members: &[usize], targets: &[f64]) {
    let widths: Vec<f64> = members.iter().map(|&i| nodes[i].width).collect();
    let apart = |k: usize| (widths[k] + widths[k + 1]) / 2.0 + GAP;
    let n = members.len();
    // One pass from each side, averaged, keeps the group centred on its target positions.
    let mut right = targets.to_vec();
    for k in 1..n {
        right[k] = right[k].max(right[k - 1] + apart(k - 1));
    }
    let mut left = targets.to_vec();
    for k in (0..n.saturating_sub(1)).rev() {
        left[k] = left[k].min(left[k + 1] - apart(k));
    }
    let mut x: Vec<f64> = left.iter().zip(&right).map(|(a, b)| (a + b) / 2.0).collect();
    let mut floor = 1.0;
    for k in 0..n {
        x[k] = x[k].max(floor + widths[k] / 2.0);
        floor = x[k] + widths[k] / 2.0 + GAP;
    }
    let mut ceiling = WIDTH - 1.0;
    for k in (0..n).rev() {
        x[k] = x[k].min(ceiling - widths[k] / 2.0);
        ceiling = x[k] - widths[k] / 2.0 - GAP;
    }
    for (&i, x) in members.iter().zip(x) {
        nodes[i].x = x;
    }
}

/// Text of a box.
struct Text {
    label: Vec<String>,
    detail: Vec<String>,
}

impl Text {
    fn of(step: &FlowStep, width: f64) -> Text {
        Text {
            label: wrap(step.label, FONT_SIZE, true, width - 14.0, 2),
            detail: wrap(step.detail, SMALL, false, width - 14.0, 3),
        }
    }
    fn height(&self) -> f64 {
        12.0 + 16.0 * self.label.len() as f64 + 14.0 * self.detail.len() as f64
    }
}

fn draw<DB: DrawingBackend>(c: &Canvas<DB>, steps: &[FlowStep], l: &Layout) -> Drawn<DB> {
    let arrow = Stroke::new(AXIS, 1.3);
    let mut heads: Vec<Point> = Vec::new();
    for (k, &(from, to)) in l.links.iter().enumerate() {
        let (above, below) = (&l.nodes[from], &l.nodes[to]);
        let (row_top, row_height) = l.rows[above.layer];
        // Boxes of one layer have the same height, so that arrows leave from one line.
        let start = (l.exit(k), row_top + row_height);
        let end = (l.entry(k), l.rows[below.layer].0);
        let bend = start.1 + l.track.get(&from).copied().unwrap_or(9.0);
        let stop = if below.step.is_some() { end.1 - 5.0 } else { end.1 };
        let mut points = vec![start, (start.0, bend), (end.0, bend), (end.0, stop)];
        if below.step.is_none() {
            points.push((below.x, end.1 + l.rows[below.layer].1));
        } else {
            heads.push(end);
        }
        c.line(&points, arrow)?;
    }
    for head in heads {
        c.arrow(head, (0.0, 1.0), AXIS)?;
    }
    for node in &l.nodes {
        let Some(step) = node.step.map(|s| &steps[s]) else {
            continue;
        };
        let (top, height) = l.rows[node.layer];
        let result = !steps.iter().any(|s| s.inputs.contains(&step.name));
        let (ink, on, note) = match (step.inputs.is_empty(), result) {
            (true, _) => (PAGE, LABEL, NOTE),
            (_, true) => (series(0), LABEL.ink(ON_DEEP), NOTE.ink(ON_DEEP)),
            _ => (SOFT, LABEL, NOTE),
        };
        c.framed((node.x - node.width / 2.0, top), (node.width, height), ink, Stroke::new(AXIS, 1.0))?;
        let text = Text::of(step, node.width);
        let mut y = top + (height - text.height()) / 2.0 + 14.0;
        for line in &text.label {
            c.text(line, (node.x, y), on.bold(true).middle())?;
            y += 16.0;
        }
        y -= 1.0;
        for line in &text.detail {
            c.text(line, (node.x, y), note.middle())?;
            y += 14.0;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step<'a>(name: &'a str, inputs: &'a [&'a str]) -> FlowStep<'a> {
        FlowStep { name, label: name, detail: "", inputs }
    }

    #[test]
    fn steps_stand_below_what_they_read() {
        assert_eq!(layers(&[vec![], vec![0], vec![1], vec![0, 2], vec![]]), [0, 1, 2, 3, 0]);
        assert_eq!(layers(&[vec![], vec![0], vec![1, 3], vec![]])[3], 1, "a source stands right above its reader");
    }

    #[test]
    fn a_cycle_or_an_unknown_input_does_no_harm() {
        let steps = [step("a", &["b"]), step("b", &["a", "nobody", "b"])];
        let svg = flow_diagram(&About::new("", ""), &Flow { steps: &steps });
        assert!(svg.as_str().contains(">a</text>") && svg.as_str().contains(">b</text>"));
    }

    #[test]
    fn boxes_keep_apart() {
        let steps =
            [step("a", &[]), step("b", &["a"]), step("c", &["a"]), step("d", &["a", "b"]), step("e", &["a", "c", "d"])];
        let l = Layout::of(&steps);
        for a in &l.nodes {
            assert!(a.x - a.width / 2.0 >= 0.9 && a.x + a.width / 2.0 <= WIDTH - 0.9);
            let others = l.nodes.iter().filter(|b| b.layer == a.layer && b.x > a.x);
            assert!(others.into_iter().all(|b| b.x - b.width / 2.0 >= a.x + a.width / 2.0 + 1.0));
        }
    }
}

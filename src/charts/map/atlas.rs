//! Shapes of regions and their places on a grid of tiles. Used by `map` and the dashboard.

use std::sync::LazyLock;

use super::shapes::{BRAZIL, Shapes};
use crate::market::MarketFacts;

/// Tiles in a row.
pub(crate) const COLUMNS: usize = 7;
/// Rows of tiles that a figure has room for.
const ROWS: usize = 8;

/// A tile: code of its region, what is written on it, and its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tile {
    pub code: String,
    pub label: String,
    pub column: usize,
    pub row: usize,
}

/// What the map of a figure is drawn from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Atlas {
    pub(crate) shapes: Shapes,
    pub(crate) grid: Vec<Tile>,
    /// Whether the key fits on the map, at its lower left.
    pub(crate) key_on_map: bool,
}

/// The states of Brazil, each tile near its place on the map.
pub(crate) static OF_BRAZIL: LazyLock<Atlas> = LazyLock::new(|| {
    let tile = |&(code, column, row): &(&str, u8, u8)| Tile {
        code: code.into(),
        label: code.into(),
        column: column.into(),
        row: row.into(),
    };
    Atlas { shapes: BRAZIL.clone(), grid: TILES.iter().map(tile).collect(), key_on_map: true }
});

impl Atlas {
    /// The atlas for data of `market`. `regions` are the codes and labels of its regions, the most important first: the map shows
    /// the first `shown` of them, and tiles stand in the order of their labels. `None` if no shapes are known.
    pub(crate) fn of(market: Option<&MarketFacts>, regions: &[(String, String)], shown: usize) -> Option<Atlas> {
        if market.is_none_or(|market| market.is_in_brazil() && market.shapes.is_none()) {
            return Some(OF_BRAZIL.clone());
        }
        let wanted: Vec<&str> = regions.iter().take(shown).map(|(code, _)| code.as_str()).collect();
        let shapes = Shapes::of(market, &wanted)?;
        Some(Atlas { shapes, grid: grid(&regions[..regions.len().min(COLUMNS * ROWS)]), key_on_map: false })
    }

    /// What is written on a region.
    pub(crate) fn label(&self, code: &str) -> &str {
        self.grid.iter().find(|tile| tile.code == code).map_or("", |tile| &tile.label)
    }

    /// Rows of its tiles.
    pub(crate) fn rows(&self) -> usize {
        self.grid.iter().map(|tile| tile.row + 1).max().unwrap_or(0)
    }
}

/// Tiles in rows, by label.
pub(crate) fn grid(regions: &[(String, String)]) -> Vec<Tile> {
    let mut sorted: Vec<&(String, String)> = regions.iter().collect();
    sorted.sort_by(|a, b| (&a.1, &a.0).cmp(&(&b.1, &b.0)));
    let tile = |(at, (code, label)): (usize, &(String, String))| Tile {
        code: code.clone(),
        label: label.clone(),
        column: at % COLUMNS,
        row: at / COLUMNS,
    };
    sorted.into_iter().enumerate().map(tile).collect()
}

/// Column and row of every state on a grid of 7 × 8 tiles, near its position on the map.
const TILES: [(&str, u8, u8); 27] = [
    ("AC", 0, 2),
    ("AL", 6, 3),
    ("AM", 1, 1),
    ("AP", 3, 0),
    ("BA", 4, 2),
    ("CE", 5, 1),
    ("DF", 4, 3),
    ("ES", 5, 4),
    ("GO", 3, 3),
    ("MA", 3, 1),
    ("MG", 4, 4),
    ("MS", 2, 3),
    ("MT", 2, 2),
    ("PA", 2, 1),
    ("PB", 6, 2),
    ("PE", 5, 2),
    ("PI", 4, 1),
    ("PR", 3, 5),
    ("RJ", 4, 5),
    ("RN", 6, 1),
    ("RO", 1, 2),
    ("RR", 1, 0),
    ("RS", 3, 7),
    ("SC", 3, 6),
    ("SE", 5, 3),
    ("SP", 3, 4),
    ("TO", 3, 2),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::contract::STATES;

    #[test]
    fn every_state_of_brazil_has_a_tile_of_its_own() {
        assert_eq!(TILES.map(|t| t.0).to_vec(), STATES.map(|s| s.0).to_vec());
        let mut places: Vec<_> = TILES.iter().map(|t| (t.1, t.2)).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), 27);
        assert!(TILES.iter().all(|t| usize::from(t.1) < COLUMNS && usize::from(t.2) < ROWS));
    }

    #[test]
    fn tiles_stand_by_label_and_the_least_important_are_left_out() {
        let regions: Vec<(String, String)> =
            (0..70).map(|n| (format!("US-{n:02}"), format!("{:02}", 69 - n))).collect();
        let sorted = grid(&regions[..9]);
        assert_eq!((sorted[0].label.as_str(), sorted[0].column, sorted[0].row), ("61", 0, 0));
        assert_eq!((sorted[8].label.as_str(), sorted[8].column, sorted[8].row), ("69", 1, 1));
        assert_eq!(Atlas::of(None, &regions, 1), Some(OF_BRAZIL.clone()));
    }
}

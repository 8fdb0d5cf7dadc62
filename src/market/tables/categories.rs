//! Lines → the category of every product. Used by `tables`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::keys::within;
use crate::market::description::Field;
use crate::market::lines::order::Lines;

/// Most categories. The rest of the products counts as one category.
const MAX_CATEGORIES: usize = 200;
/// Name of that category.
const OTHER: &str = "other";
/// Most characters of a category.
const MAX_CATEGORY: usize = 80;

/// The category of every product. Without categories, products stand for them.
pub(super) struct Categories {
    /// Sorted names.
    pub(super) names: Vec<String>,
    pub(super) of_products: BTreeMap<String, Option<usize>>,
}

impl Categories {
    pub(super) fn of(lines: &Lines, notes: &mut Vec<String>) -> Categories {
        let by_product = !lines.present.contains(&Field::Category);
        let mut of_products: BTreeMap<&str, Option<&str>> = BTreeMap::new();
        let mut revenue: HashMap<&str, i64> = HashMap::new();
        for line in &lines.lines {
            let category = if by_product { Some(line.product.as_str()) } else { line.category.as_deref() };
            let of_product = of_products.entry(&line.product).or_default();
            // A product has one category: the first that a line names.
            *of_product = of_product.or(category);
            if let Some(category) = *of_product {
                *revenue.entry(category).or_default() += line.total.as_ref().map_or(0, |total| *total);
            }
        }
        if by_product {
            notes.push("the export has no category: products stand for categories".into());
        }
        let mut largest: Vec<(&str, i64)> = revenue.into_iter().collect();
        largest.sort_by_key(|(name, revenue)| (std::cmp::Reverse(*revenue), *name));
        if largest.len() > MAX_CATEGORIES {
            notes.push(format!(
                "{} categories are more than the analysis compares: the {} with the smallest revenue count as `{OTHER}`",
                largest.len(),
                largest.len() - MAX_CATEGORIES
            ));
        }
        let kept: HashMap<&str, String> =
            largest.iter().take(MAX_CATEGORIES).map(|(name, _)| (*name, within(name, MAX_CATEGORY))).collect();
        let name = |category: &str| kept.get(category).cloned().unwrap_or_else(|| OTHER.into());
        let names: BTreeSet<String> = of_products.values().flatten().map(|category| name(category)).collect();
        let names: Vec<String> = names.into_iter().collect();
        let position = |category: &str| names.binary_search(&name(category)).ok();
        let of_products =
            of_products.into_iter().map(|(product, category)| (product.to_string(), category.and_then(position)));
        Categories { of_products: of_products.collect(), names }
    }

    /// The name of the category of a product, if it has one.
    pub(super) fn name(&self, product: &str) -> Option<&str> {
        self.of_products.get(product).copied().flatten().map(|at| self.names[at].as_str())
    }
}

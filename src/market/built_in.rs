//! The markets that pfe knows. Used by `recognize` and `pfe market`.

use std::sync::LazyLock;

use super::description::Market;

/// Name and description of each.
const DESCRIPTIONS: [(&str, &str); 14] = [
    ("amazon", include_str!("built_in/platforms/amazon.toml")),
    ("amazon_sale_report", include_str!("built_in/samples/amazon_sale_report.toml")),
    ("ebay", include_str!("built_in/platforms/ebay.toml")),
    ("etsy", include_str!("built_in/platforms/etsy.toml")),
    ("mercado_libre", include_str!("built_in/platforms/mercado_libre.toml")),
    ("mercado_livre", include_str!("built_in/platforms/mercado_livre.toml")),
    ("online_retail", include_str!("built_in/samples/online_retail.toml")),
    ("prestashop", include_str!("built_in/platforms/prestashop.toml")),
    ("shopify", include_str!("built_in/platforms/shopify.toml")),
    ("superstore", include_str!("built_in/samples/superstore.toml")),
    ("thelook", include_str!("built_in/samples/thelook.toml")),
    ("woocommerce", include_str!("built_in/platforms/woocommerce.toml")),
    ("woocommerce_packed", include_str!("built_in/platforms/woocommerce_packed.toml")),
    ("woocommerce_rest", include_str!("built_in/platforms/woocommerce_rest.toml")),
];

static MARKETS: LazyLock<Vec<Market>> =
    LazyLock::new(|| DESCRIPTIONS.iter().filter_map(|(name, text)| Market::parse(text, name).ok()).collect());

/// All built-in markets, by name.
pub fn markets() -> &'static [Market] {
    &MARKETS
}

/// The built-in market of this name.
pub fn market(name: &str) -> Option<&'static Market> {
    MARKETS.iter().find(|market| market.name == name)
}

/// Its description, as `pfe market show` prints it.
pub fn description(name: &str) -> Option<&'static str> {
    DESCRIPTIONS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_description_can_be_read_under_its_name() {
        for (name, text) in DESCRIPTIONS {
            assert_eq!(Market::parse(text, name).unwrap().name, name);
        }
        assert_eq!(markets().len(), DESCRIPTIONS.len());
    }
}

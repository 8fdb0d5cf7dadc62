//! The ten tables, declared: columns, meaning, keys, references. The one place to add a column.

use Column as C;
use LogicalType::*;

use super::declaration::{Column, ForeignKey, LogicalType, Table, TableId};

/// Statuses an order can have.
pub const ORDER_STATUSES: &[&str] =
    &["approved", "canceled", "created", "delivered", "invoiced", "processing", "shipped", "unavailable"];

/// Whether an order with this status counts as sold, as the mart's `sold` does; one without a status does.
pub fn is_sold(status: Option<&str>) -> bool {
    !matches!(status, Some("canceled" | "unavailable"))
}

/// The method of orders whose way of payment is not recorded: in Olist, a few canceled ones.
pub const NOT_DEFINED: &str = "not_defined";
/// Payment methods.
pub const PAYMENT_TYPES: &[&str] = &["boleto", "credit_card", "debit_card", NOT_DEFINED, "voucher"];

/// The mart's name for an unknown category, state, city or status: its rows are counted, but no decision is made about it.
pub const UNKNOWN: &str = "unknown";
/// English name given to products without a category.
pub const UNKNOWN_CATEGORY: &str = UNKNOWN;

const PRODUCT_SHEET: &str = "the seller left the product sheet empty";
const PRODUCT_SIZE: &str = "never measured by the carrier";

const fn strict(column: &'static str, table: TableId, references: &'static str) -> ForeignKey {
    ForeignKey { column, table, references, strict: true }
}
const fn loose(column: &'static str, table: TableId, references: &'static str) -> ForeignKey {
    ForeignKey { column, table, references, strict: false }
}

/// The declarations, indexed by [`TableId`].
pub static TABLES: [Table; 10] = [
    Table {
        id: TableId::Customers,
        name: "customers",
        file: "olist_customers_dataset.csv",
        aliases: &["customers"],
        columns: &[
            C::new("customer_id", Id, "one per order, not per person"),
            C::new("customer_unique_id", Id, "the person"),
            C::new("customer_zip_code_prefix", Zip, "where the customer lives").quarantine_value(),
            C::new("customer_city", Text, "city, lower case without accents").quarantine_value(),
            C::new("customer_state", State, "state of the customer").quarantine_value(),
        ],
        derived: &[],
        key: &["customer_id"],
        foreign_keys: &[
            loose("customer_zip_code_prefix", TableId::Geolocation, "geolocation_zip_code_prefix"),
            strict("customer_state", TableId::States, "geolocation_state"),
        ],
        doc: "the customer of one order",
    },
    Table {
        id: TableId::Geolocation,
        name: "geolocation",
        file: "olist_geolocation_dataset.csv",
        aliases: &["geolocation"],
        columns: &[
            C::new("geolocation_zip_code_prefix", Zip, "zip code prefix"),
            C::new("geolocation_lat", Degrees, "latitude, decimal degrees"),
            C::new("geolocation_lng", Degrees, "longitude, decimal degrees"),
            C::new("geolocation_city", Text, "city as typed, with or without accents").quarantine_value(),
            C::new("geolocation_state", State, "state").quarantine_value(),
        ],
        derived: &[],
        key: &[],
        foreign_keys: &[strict("geolocation_state", TableId::States, "geolocation_state")],
        doc: "a point seen for a zip code prefix; many points per prefix",
    },
    Table {
        id: TableId::OrderItems,
        name: "order_items",
        file: "olist_order_items_dataset.csv",
        aliases: &["order_items", "items"],
        columns: &[
            C::new("order_id", Id, "the order"),
            C::new("order_item_id", Integer(1, 1_000), "position in the order, counted from 1: not a quantity"),
            C::new("product_id", Id, "the product"),
            C::new("seller_id", Id, "the seller"),
            C::new("shipping_limit_date", Timestamp, "latest hand-over to the carrier").quarantine_value(),
            C::new("price_centavos", Money, "price of one unit, centavos").from("price"),
            C::new("freight_centavos", Money, "this item's part of the freight, centavos").from("freight_value"),
        ],
        derived: &[],
        key: &["order_id", "order_item_id"],
        foreign_keys: &[
            strict("order_id", TableId::Orders, "order_id"),
            strict("product_id", TableId::Products, "product_id"),
            strict("seller_id", TableId::Sellers, "seller_id"),
        ],
        doc: "one unit sold in an order",
    },
    Table {
        id: TableId::OrderPayments,
        name: "order_payments",
        file: "olist_order_payments_dataset.csv",
        aliases: &["order_payments", "payments"],
        columns: &[
            C::new("order_id", Id, "the order"),
            C::new("payment_sequential", Integer(1, 1_000), "position among the order's payments, from 1"),
            C::new("payment_type", Enumeration(PAYMENT_TYPES), "payment method"),
            C::new("payment_installments", Integer(0, 99), "number of instalments"),
            C::new("payment_centavos", Money, "amount paid this way, centavos").from("payment_value"),
        ],
        derived: &[],
        key: &["order_id", "payment_sequential"],
        foreign_keys: &[strict("order_id", TableId::Orders, "order_id")],
        doc: "one payment of an order; several per order",
    },
    Table {
        id: TableId::OrderReviews,
        name: "order_reviews",
        file: "olist_order_reviews_dataset.csv",
        aliases: &["order_reviews", "reviews"],
        columns: &[
            C::new("review_id", Id, "not unique: one review may cover several orders"),
            C::new("order_id", Id, "the order"),
            C::new("review_score", Integer(1, 5), "satisfaction, 1 to 5"),
            C::new("review_comment_title", Text, "title, Portuguese").nullable("the customer wrote none"),
            C::new("review_comment_message", Text, "message, Portuguese")
                .nullable("the customer wrote none")
                .max_length(10_000),
            C::new("review_creation_date", Timestamp, "day the survey was sent").quarantine_value(),
            C::new("review_answer_timestamp", Timestamp, "when it was answered").quarantine_value(),
        ],
        derived: &[],
        key: &["order_id", "review_id"],
        foreign_keys: &[strict("order_id", TableId::Orders, "order_id")],
        doc: "a customer's answer to the satisfaction survey of an order",
    },
    Table {
        id: TableId::Orders,
        name: "orders",
        file: "olist_orders_dataset.csv",
        aliases: &["orders"],
        columns: &[
            C::new("order_id", Id, "the order"),
            C::new("customer_id", Id, "its customer"),
            C::new("order_status", Enumeration(ORDER_STATUSES), "last known status"),
            C::new("order_purchase_timestamp", Timestamp, "purchase"),
            C::new("order_approved_at", Timestamp, "payment approved").nullable("not approved, or canceled before"),
            C::new("order_delivered_carrier_date", Timestamp, "handed to the carrier").nullable("not handed over"),
            C::new("order_delivered_customer_date", Timestamp, "received").nullable("not delivered, or not recorded"),
            C::new("order_estimated_delivery_date", Timestamp, "promised day, always a midnight").quarantine_value(),
        ],
        derived: &[
            C::new("purchase_day", Date, "day of the purchase"),
            C::new("purchase_month", Date, "first day of the month of the purchase"),
            C::new("delivery_seconds", Integer(i64::MIN, i64::MAX), "received minus purchase, seconds")
                .nullable("no delivery date"),
            C::new("late_by_timestamp", Flag, "received after the promised midnight").nullable("no delivery date"),
            C::new("late_by_date", Flag, "received on a day after the promised day").nullable("no delivery date"),
            C::new("approval_seconds", Integer(i64::MIN, i64::MAX), "payment approved minus purchase, seconds")
                .nullable("not approved"),
        ],
        key: &["order_id"],
        foreign_keys: &[strict("customer_id", TableId::Customers, "customer_id")],
        doc: "an order",
    },
    Table {
        id: TableId::Products,
        name: "products",
        file: "olist_products_dataset.csv",
        aliases: &["products"],
        columns: &[
            C::new("product_id", Id, "the product"),
            C::new("product_category_name", Text, "category, Portuguese").nullable(PRODUCT_SHEET),
            C::new("product_name_length", Integer(0, 1_000_000), "characters of the name")
                .from("product_name_lenght")
                .nullable(PRODUCT_SHEET),
            C::new("product_description_length", Integer(0, 10_000_000), "characters of the description")
                .from("product_description_lenght")
                .nullable(PRODUCT_SHEET),
            C::new("product_photos_qty", Integer(0, 10_000), "number of photos").nullable(PRODUCT_SHEET),
            C::new("product_weight_g", Integer(0, 10_000_000), "weight, grams").nullable(PRODUCT_SIZE),
            C::new("product_length_cm", Integer(0, 100_000), "length, centimetres").nullable(PRODUCT_SIZE),
            C::new("product_height_cm", Integer(0, 100_000), "height, centimetres").nullable(PRODUCT_SIZE),
            C::new("product_width_cm", Integer(0, 100_000), "width, centimetres").nullable(PRODUCT_SIZE),
        ],
        derived: &[C::new("category", Text, "category, English; `unknown` where missing")],
        key: &["product_id"],
        foreign_keys: &[loose("product_category_name", TableId::Categories, "product_category_name")],
        doc: "a product",
    },
    Table {
        id: TableId::Sellers,
        name: "sellers",
        file: "olist_sellers_dataset.csv",
        aliases: &["sellers"],
        columns: &[
            C::new("seller_id", Id, "the seller"),
            C::new("seller_zip_code_prefix", Zip, "where the seller ships from").quarantine_value(),
            C::new("seller_city", Text, "city, lower case without accents").quarantine_value(),
            C::new("seller_state", State, "state of the seller").quarantine_value(),
        ],
        derived: &[],
        key: &["seller_id"],
        foreign_keys: &[
            loose("seller_zip_code_prefix", TableId::Geolocation, "geolocation_zip_code_prefix"),
            strict("seller_state", TableId::States, "geolocation_state"),
        ],
        doc: "a seller",
    },
    Table {
        id: TableId::Categories,
        name: "product_category_name_translation",
        file: "product_category_name_translation.csv",
        aliases: &["category_translation", "translation", "product_category_name"],
        columns: &[
            C::new("product_category_name", Text, "category, Portuguese"),
            C::new("product_category_name_english", Text, "category, English"),
        ],
        derived: &[],
        key: &["product_category_name"],
        foreign_keys: &[],
        doc: "translation of a category",
    },
    Table {
        id: TableId::States,
        name: "states_name",
        file: "states_name.csv",
        aliases: &["states"],
        columns: &[
            C::new("geolocation_state", State, "code of the state"),
            C::new("state_name", Text, "name of the state, without accents"),
        ],
        derived: &[],
        key: &["geolocation_state"],
        foreign_keys: &[],
        doc: "name of a state; built in, since Kaggle's download lacks it",
    },
];

impl TableId {
    /// Its declaration.
    pub fn table(self) -> &'static Table {
        &TABLES[self as usize]
    }
    /// Its short name.
    pub fn name(self) -> &'static str {
        self.table().name
    }
}

/// The tables whose rows belong to an order, and so to the month of its purchase.
pub const BY_MONTH: [TableId; 5] =
    [TableId::Orders, TableId::Customers, TableId::OrderItems, TableId::OrderPayments, TableId::OrderReviews];

/// The short tables that items refer to, each with the columns that the mart reads; the first column is the key.
pub(crate) const OF_ITEMS: [(TableId, &[&str]); 2] =
    [(TableId::Products, &["product_id", "category"]), (TableId::Sellers, &["seller_id"])];

/// The tables that the original project stores as nested documents.
pub const DOCUMENTS: [TableId; 2] = [TableId::Customers, TableId::Sellers];

/// The table that cleaning derives from `geolocation`: one location per zip prefix.
pub const ZIP_LOCATIONS: &str = "zip_locations";

/// Columns of [`ZIP_LOCATIONS`]; the first is its key.
pub static ZIP_LOCATION_COLUMNS: [Column; 6] = [
    C::new("zip_code_prefix", Zip, "zip code prefix"),
    C::new("latitude", Degrees, "median of its points inside Brazil, decimal degrees"),
    C::new("longitude", Degrees, "median of its points inside Brazil, decimal degrees"),
    C::new("city", Text, "its most frequent city name").quarantine_value(),
    C::new("state", State, "its most frequent state").quarantine_value(),
    C::new("points", Integer(1, i64::MAX), "number of distinct points inside Brazil"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::contract::{MAX_CENTAVOS, STATES, Scope};

    #[test]
    fn declarations_are_consistent() {
        for (i, t) in TABLES.iter().enumerate() {
            assert_eq!(t.id as usize, i, "{} stands at its own index", t.name);
            for key in t.key {
                assert!(t.column(key).is_some_and(|c| !c.is_nullable()), "{}.{key} is a key", t.name);
            }
            for fk in t.foreign_keys {
                let (from, to) = (t.column(fk.column), fk.table.table().column(fk.references));
                assert_eq!(
                    from.map(|c| c.kind),
                    to.map(|c| c.kind),
                    "{}.{} has the type it refers to",
                    t.name,
                    fk.column
                );
            }
        }
        assert!(STATES.is_sorted());
    }

    /// A value takes its row into quarantine only where the row could not be counted without it.
    #[test]
    fn only_keys_and_facts_take_their_row_along() {
        let row = |t: &Table| {
            t.columns.iter().filter(|c| c.quarantine_scope == Scope::Row).map(|c| c.source).collect::<Vec<_>>()
        };
        assert_eq!(row(TableId::Products.table()), ["product_id"]);
        assert_eq!(row(TableId::Customers.table()), ["customer_id", "customer_unique_id"]);
        assert_eq!(row(TableId::OrderReviews.table()), ["review_id", "order_id", "review_score"]);
        let orders = ["order_id", "customer_id", "order_status", "order_purchase_timestamp"];
        assert_eq!(row(TableId::Orders.table()), orders);
    }

    #[test]
    fn no_sum_of_amounts_overflows() {
        assert!(i64::from(u32::MAX).checked_mul(2 * MAX_CENTAVOS).is_some());
    }
}

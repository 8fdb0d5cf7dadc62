//! What an order line of an export may hold. Used by `description` and everything after it.

use serde::{Deserialize, Serialize};

/// What an order line may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Field {
    OrderId,
    Customer,
    PurchasedAt,
    ApprovedAt,
    ShippedAt,
    DeliveredAt,
    PromisedAt,
    /// Of the whole order.
    Status,
    /// Of a line; decides where an export has no status of the order.
    LineStatus,
    Currency,
    Country,
    Region,
    ProductId,
    Category,
    Seller,
    Quantity,
    /// Price of one unit.
    UnitPrice,
    /// Price of all units of the line; overrides `unit_price`.
    LineTotal,
    LineDiscount,
    LineFreight,
    /// What one unit cost the shop.
    UnitCost,
    /// What all units of the line cost the shop; overrides `unit_cost`.
    LineCost,
    /// What the line leaves after its cost; gives the cost where no column holds it.
    LineProfit,
    OrderDiscount,
    OrderFreight,
    OrderTotal,
    /// Paid back of the order.
    Refunded,
    PaymentMethod,
    PaymentValue,
    Instalments,
    ReviewScore,
    /// When the row was exported or changed: of an order that two files hold differently, the newest counts.
    UpdatedAt,
}

impl Field {
    /// All fields, in the order of messages.
    pub const ALL: [Field; 32] = [
        Field::OrderId,
        Field::Customer,
        Field::PurchasedAt,
        Field::ApprovedAt,
        Field::ShippedAt,
        Field::DeliveredAt,
        Field::PromisedAt,
        Field::Status,
        Field::LineStatus,
        Field::Currency,
        Field::Country,
        Field::Region,
        Field::ProductId,
        Field::Category,
        Field::Seller,
        Field::Quantity,
        Field::UnitPrice,
        Field::LineTotal,
        Field::LineDiscount,
        Field::LineFreight,
        Field::UnitCost,
        Field::LineCost,
        Field::LineProfit,
        Field::OrderDiscount,
        Field::OrderFreight,
        Field::OrderTotal,
        Field::Refunded,
        Field::PaymentMethod,
        Field::PaymentValue,
        Field::Instalments,
        Field::ReviewScore,
        Field::UpdatedAt,
    ];

    /// Its name in a description.
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|name| name.as_str().map(String::from)).unwrap_or_default()
    }

    /// Whether its value is that of the whole order: the first that a line of the order holds.
    pub fn is_of_order(self) -> bool {
        use Field::*;
        !matches!(
            self,
            LineStatus
                | ProductId
                | Category
                | Seller
                | Quantity
                | UnitPrice
                | LineTotal
                | LineDiscount
                | LineFreight
                | UnitCost
                | LineCost
                | LineProfit
        )
    }

    /// Whether its values may name or find a person: they are hashed or left out.
    pub fn is_personal(self) -> bool {
        matches!(self, Field::OrderId | Field::Customer)
    }

    /// Whether its amounts are added to others, so that one that is missing counts as zero.
    pub fn is_added(self) -> bool {
        use Field::*;
        matches!(self, LineTotal | LineDiscount | LineFreight | OrderDiscount | OrderFreight)
    }

    /// What its values are.
    pub fn kind(self) -> Kind {
        use Field::*;
        match self {
            PurchasedAt | ApprovedAt | ShippedAt | DeliveredAt | PromisedAt | UpdatedAt => Kind::Instant,
            UnitPrice | LineTotal | LineDiscount | LineFreight | UnitCost | LineCost | LineProfit | OrderDiscount
            | OrderFreight | OrderTotal | Refunded | PaymentValue => Kind::Amount,
            Quantity | Instalments | ReviewScore => Kind::Whole,
            _ => Kind::Text,
        }
    }

    /// Whether the export answers what this field answers: by the field, or by another one.
    pub fn is_answered(self, has: impl Fn(Field) -> bool) -> bool {
        let others: &[Field] = match self {
            Field::Status => &[Field::LineStatus],
            Field::OrderFreight => &[Field::LineFreight],
            // Countries say where orders go as well.
            Field::Region => &[Field::Country],
            Field::UnitCost => &[Field::LineCost, Field::LineProfit],
            _ => &[],
        };
        has(self) || others.iter().any(|other| has(*other))
    }

    /// The answer that falls away without it, in words for a message; `None` if all answers stand without it.
    pub fn answers(self) -> Option<&'static str> {
        match self {
            Field::Category => Some("what to sell is answered by product, not by category"),
            Field::Region => Some("where to advertise stays open"),
            Field::PaymentMethod => Some("how to get paid stays open"),
            Field::Customer => Some("every order counts as a customer of its own"),
            Field::Status => Some("every order counts as sold"),
            Field::DeliveredAt => Some("how long deliveries take stays open"),
            Field::PromisedAt => Some("late deliveries stay open"),
            Field::ReviewScore => Some("satisfaction stays open"),
            Field::OrderFreight => Some("freight counts as zero"),
            Field::UnitCost => Some("what is left of the revenue stays open"),
            _ => None,
        }
    }
}

/// What the values of a field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A date with or without a time.
    Instant,
    /// An amount of money.
    Amount,
    /// A whole number.
    Whole,
}

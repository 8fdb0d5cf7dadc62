//! Instantiates generic code once, in the installed library, so that cells need not compile it again.
//!
//! rustc compiles a generic function in the crate that uses it. `install` builds this crate without optimisation, so that
//! cells reuse the instances it holds. Nothing calls these functions: they only make the library contain the instances
//! that most cells need, above all the destructors of the large polars types.

use crate::outcome::CellError;
use crate::show::{Bundle, Tag, ViaDebug as _, ViaShow as _};
use crate::store::Store;
use polars::prelude::*;

macro_rules! kept_and_shown {
    ($($name:ident: $type:ty),*) => { $(
        #[doc(hidden)]
        pub fn $name(store: &mut Store) -> Bundle {
            let found = store.has::<$type>("");
            let value = store.take::<$type>("");
            #[allow(dropping_references)] // Generated cells contain this line too: its warning names the type.
            drop(&value);
            let bundle = (&&&Tag(&value)).bundle();
            if found {
                store.put("", value);
            } else {
                store.put_back("", value);
            }
            bundle
        }
    )* };
}
kept_and_shown!(
    a_frame: DataFrame, a_lazy_frame: LazyFrame, a_series: Series, a_column: Column, an_expression: Expr, an_i32: i32, an_i64: i64,
    a_u32: u32, a_usize: usize, an_f64: f64, a_bool: bool, a_text: String, a_literal: &'static str, some_text: Vec<String>,
    some_integers: Vec<i64>, some_numbers: Vec<f64>, a_path: std::path::PathBuf
);

/// Instantiates the polars calls that cells use most.
#[doc(hidden)]
pub fn instantiate(frame: DataFrame, lazy: LazyFrame) -> Result<(), CellError> {
    let made = df!("a" => [1, 2], "b" => ["x", "y"], "c" => [1.5, 2.5], "d" => [true, false], "e" => [1i64, 2])?;
    let made =
        made.vstack(&df!("a" => vec![1, 2], "b" => vec!["x", "y"], "c" => vec![1.5, 2.5], "e" => vec![1i64, 2])?)?;
    let grouped = lazy.clone().group_by([col("b")]).agg([col("a").sum(), col("c").mean().alias("m")]);
    let stable = lazy.clone().group_by_stable([col("b")]).agg([len()]).sort(["a"], SortMultipleOptions::default());
    let joined = grouped.clone().join(stable.clone(), [col("b")], [col("b")], JoinArgs::new(JoinType::Inner));
    let shown = joined
        .filter(col("a").gt(lit(1)).and(col("b").eq(lit("x"))))
        .select([col("a"), col("c")])
        .with_columns([col("c") * lit(2.0)]);
    let sorted = frame.sort(["a"], SortMultipleOptions::default())?;
    let column: Column = sorted.column("a")?.clone();
    let series: Series = column.as_materialized_series().clone();
    let sum: Option<f64> = series.sum().ok();
    let values: Vec<f64> = series.f64()?.into_no_null_iter().collect();
    let optional: Vec<Option<i64>> = series.i64()?.iter().collect();
    let text: Vec<String> = sorted.get_column_names_owned().iter().map(ToString::to_string).collect();
    drop((
        made.head(Some(5)),
        made.schema().clone(),
        shown.collect()?,
        stable.collect(),
        grouped,
        column,
        series,
        sum,
        values,
        optional,
        text,
    ));
    Ok(())
}

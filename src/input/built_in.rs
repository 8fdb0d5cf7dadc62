//! Tables that no place holds → rows of the program: names of states and of Olist's categories, or no rows at all. Names that a file of
//! categories lacks → rows of the program. Used by `read`.

use std::collections::BTreeSet;

use polars::prelude::*;

use super::identity::InputFile;
use super::raw_table::RawTable;
use super::rows::table_builder::{TableBuilder, TakeBlock};
use crate::error::Result;
use crate::schema::contract::{STATES, TableId};

/// File name of a table that is built in.
pub(crate) const BUILT_IN: &str = "(built in)";
/// File name of a table that is missing.
pub(crate) const MISSING: &str = "(missing)";

/// Olist's categories, Portuguese and English. Built in, because most copies of the data lack them.
pub const CATEGORY_NAMES: [(&str, &str); 73] = [
    ("agro_industria_e_comercio", "agro_industry_and_commerce"),
    ("alimentos", "food"),
    ("alimentos_bebidas", "food_drink"),
    ("artes", "art"),
    ("artes_e_artesanato", "arts_and_craftmanship"),
    ("artigos_de_festas", "party_supplies"),
    ("artigos_de_natal", "christmas_supplies"),
    ("audio", "audio"),
    ("automotivo", "auto"),
    ("bebes", "baby"),
    ("bebidas", "drinks"),
    ("beleza_saude", "health_beauty"),
    ("brinquedos", "toys"),
    ("cama_mesa_banho", "bed_bath_table"),
    ("casa_conforto", "home_confort"),
    ("casa_conforto_2", "home_comfort_2"),
    ("casa_construcao", "home_construction"),
    ("cds_dvds_musicais", "cds_dvds_musicals"),
    ("cine_foto", "cine_photo"),
    ("climatizacao", "air_conditioning"),
    ("consoles_games", "consoles_games"),
    ("construcao_ferramentas_construcao", "construction_tools_construction"),
    ("construcao_ferramentas_ferramentas", "costruction_tools_tools"),
    ("construcao_ferramentas_iluminacao", "construction_tools_lights"),
    ("construcao_ferramentas_jardim", "costruction_tools_garden"),
    ("construcao_ferramentas_seguranca", "construction_tools_safety"),
    ("cool_stuff", "cool_stuff"),
    ("dvds_blu_ray", "dvds_blu_ray"),
    ("eletrodomesticos", "home_appliances"),
    ("eletrodomesticos_2", "home_appliances_2"),
    ("eletronicos", "electronics"),
    ("eletroportateis", "small_appliances"),
    ("esporte_lazer", "sports_leisure"),
    ("fashion_bolsas_e_acessorios", "fashion_bags_accessories"),
    ("fashion_calcados", "fashion_shoes"),
    ("fashion_esporte", "fashion_sport"),
    ("fashion_roupa_feminina", "fashio_female_clothing"),
    ("fashion_roupa_infanto_juvenil", "fashion_childrens_clothes"),
    ("fashion_roupa_masculina", "fashion_male_clothing"),
    ("fashion_underwear_e_moda_praia", "fashion_underwear_beach"),
    ("ferramentas_jardim", "garden_tools"),
    ("flores", "flowers"),
    ("fraldas_higiene", "diapers_and_hygiene"),
    ("industria_comercio_e_negocios", "industry_commerce_and_business"),
    ("informatica_acessorios", "computers_accessories"),
    ("instrumentos_musicais", "musical_instruments"),
    ("la_cuisine", "la_cuisine"),
    ("livros_importados", "books_imported"),
    ("livros_interesse_geral", "books_general_interest"),
    ("livros_tecnicos", "books_technical"),
    ("malas_acessorios", "luggage_accessories"),
    ("market_place", "market_place"),
    ("moveis_colchao_e_estofado", "furniture_mattress_and_upholstery"),
    ("moveis_cozinha_area_de_servico_jantar_e_jardim", "kitchen_dining_laundry_garden_furniture"),
    ("moveis_decoracao", "furniture_decor"),
    ("moveis_escritorio", "office_furniture"),
    ("moveis_quarto", "furniture_bedroom"),
    ("moveis_sala", "furniture_living_room"),
    ("musica", "music"),
    ("papelaria", "stationery"),
    ("pc_gamer", "pc_gamer"),
    ("pcs", "computers"),
    ("perfumaria", "perfumery"),
    ("pet_shop", "pet_shop"),
    ("portateis_casa_forno_e_cafe", "small_appliances_home_oven_and_coffee"),
    ("portateis_cozinha_e_preparadores_de_alimentos", "portable_kitchen_food_preparers"),
    ("relogios_presentes", "watches_gifts"),
    ("seguros_e_servicos", "security_and_services"),
    ("sinalizacao_e_seguranca", "signaling_and_security"),
    ("tablets_impressao_imagem", "tablets_printing_image"),
    ("telefonia", "telephony"),
    ("telefonia_fixa", "fixed_telephony"),
    ("utilidades_domesticas", "housewares"),
];

/// The built-in rows of a table that no place holds; may be empty.
pub(crate) fn rows(id: TableId) -> Vec<(&'static str, &'static str)> {
    match id {
        TableId::States => STATES.iter().map(|state| (state.0, state.1)).collect(),
        TableId::Categories => CATEGORY_NAMES.to_vec(),
        _ => Vec::new(),
    }
}

/// The name of its file in the list of inputs.
pub(crate) fn name(id: TableId) -> &'static str {
    if rows(id).is_empty() { MISSING } else { BUILT_IN }
}

/// The warning about it, if there is one.
pub(crate) fn warning(id: TableId) -> Option<String> {
    let consequence = match id {
        // No warning: Kaggle's download lacks this table.
        TableId::States => return None,
        TableId::Categories => {
            let names = CATEGORY_NAMES.len();
            return Some(format!(
                "`{}` is missing: the {names} names of Olist's categories that pfe holds are used",
                id.table().file
            ));
        }
        TableId::Geolocation => "no zip prefix has a location",
        TableId::OrderReviews => "no order has a score, and nothing that rests on scores is known",
        TableId::Sellers => "where sellers are is not known",
        _ => "it has no row",
    };
    Some(format!("`{}` is missing: {consequence}", id.table().file))
}

/// The table that no place holds, with its warnings.
///
/// # Errors
/// polars fails.
pub(crate) fn table(id: TableId) -> Result<(RawTable, Vec<String>)> {
    let (table, rows) = (id.table(), rows(id));
    let file = InputFile::single(name(id), 0, String::new());
    let empty: Option<&mut TakeBlock<'_>> = None;
    let mut raw = TableBuilder::new(table, name(id), 0, empty).finish(file, true)?;
    if !rows.is_empty() {
        let (keys, names): (Vec<&str>, Vec<&str>) = rows.into_iter().unzip();
        raw.frame = df!(table.columns[0].source => &keys, table.columns[1].source => &names)?;
        raw.lines = (1..=keys.len() as u32).collect();
        raw.rows_in = keys.len();
    }
    Ok((raw, warning(id).into_iter().collect()))
}

/// The categories that Olist's own file does not name. A file that lacks them is complete.
const UNNAMED: [&str; 2] = ["pc_gamer", "portateis_cozinha_e_preparadores_de_alimentos"];

/// The names that Olist's own file holds.
pub(crate) fn names_of_olist() -> impl Iterator<Item = (&'static str, &'static str)> {
    CATEGORY_NAMES.into_iter().filter(|(name, _)| !UNNAMED.contains(name))
}

/// Adds the names that a file of Olist's categories lacks: the file overrides what pfe holds, and switches none of it off. Returns the note
/// about it, if names were added.
///
/// # Errors
/// polars fails.
pub(crate) fn complete(raw: &mut RawTable) -> Result<Option<String>> {
    let [key, english] = [0, 1].map(|i| TableId::Categories.table().columns[i].source);
    let present: BTreeSet<&str> = raw.frame.column(key)?.str()?.iter().flatten().collect();
    let missing = names_of_olist().filter(|(name, _)| !present.contains(name));
    let (keys, names): (Vec<&str>, Vec<&str>) = missing.unzip();
    let count = keys.len();
    if count > 0 {
        raw.frame.vstack_mut(&df!(key => keys, english => names)?)?;
        raw.frame.rechunk_mut();
        // They stand on no line of the file.
        raw.lines.resize(raw.frame.height(), 0);
        raw.rows_in += count;
    }
    Ok(completed(&raw.file.name, count))
}

/// The note that `count` names were added to those of `file`.
pub(crate) fn completed(file: &str, count: usize) -> Option<String> {
    let names = if count == 1 { "name" } else { "names" };
    (count > 0).then(|| format!("`{file}` lacks {count} {names} of Olist's categories: pfe takes its own"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_names_of_generated_categories_are_the_built_in_ones() {
        let shapes = &crate::synth::shape::CATEGORIES;
        let mut generated: Vec<_> = shapes.iter().map(|c| (c.name, c.english)).filter(|c| !c.0.is_empty()).collect();
        generated.sort_unstable();
        assert_eq!(generated, CATEGORY_NAMES);
    }

    #[test]
    fn missing_tables_have_their_columns_and_a_word() {
        let (reviews, warnings) = table(TableId::OrderReviews).unwrap();
        assert_eq!((reviews.frame.shape(), reviews.file.name.as_str()), ((0, 7), MISSING));
        assert!(warnings[0].starts_with("`olist_order_reviews_dataset.csv` is missing: "));
        let (states, warnings) = table(TableId::States).unwrap();
        assert_eq!((states.rows_in, states.file.name.as_str(), warnings.len()), (27, BUILT_IN, 0));
        assert_eq!(table(TableId::Categories).unwrap().1.len(), 1);
    }

    #[test]
    fn a_file_overrides_names_and_switches_none_off() {
        let file = |rows: &[(&str, &str)]| {
            let (keys, names): (Vec<&str>, Vec<&str>) = rows.iter().copied().unzip();
            let mut raw = table(TableId::Categories).unwrap().0;
            raw.frame = df!("product_category_name" => &keys, "product_category_name_english" => &names).unwrap();
            (raw.lines, raw.rows_in) = ((2..).take(rows.len()).collect(), rows.len());
            raw.file = InputFile::single("names.csv", 1, String::new());
            raw
        };
        let mut raw = file(&[("audio", "sound"), ("mine", "my own")]);
        let note = complete(&mut raw).unwrap().unwrap();
        assert_eq!(note, "`names.csv` lacks 70 names of Olist's categories: pfe takes its own");
        assert_eq!((raw.rows_in, raw.frame.height(), raw.lines.len(), raw.lines[1]), (72, 72, 72, 3));
        let column = |i: usize| raw.frame.columns()[i].str().unwrap().iter().flatten();
        let named: Vec<(&str, &str)> = column(0).zip(column(1)).collect();
        let of = |key: &str| named.iter().filter(|(k, _)| *k == key).map(|(_, name)| *name).collect::<Vec<_>>();
        assert_eq!((of("audio"), of("mine"), of("pcs")), (vec!["sound"], vec!["my own"], vec!["computers"]));
        assert_eq!(complete(&mut file(&CATEGORY_NAMES)).unwrap(), None);
    }
}

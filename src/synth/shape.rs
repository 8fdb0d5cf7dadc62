//! Constants of the generator, measured as aggregates of the Olist data; contains no row of them. Used by the rest of `synth`.

/// Number of orders in the original, to which the counts below refer.
pub const ORIGINAL_ORDERS: u64 = 99_441;

/// A category of products.
#[derive(Debug)]
pub struct Category {
    /// Name in the products file, Portuguese.
    pub name: &'static str,
    /// Its English name.
    pub english: &'static str,
    /// Number of items sold.
    pub items: u64,
    /// Number of products sold.
    pub products: u64,
    /// Median price, centavos.
    pub price: u64,
    /// Standard deviation of the logarithm of the price, thousandths.
    pub price_sigma: u64,
    /// Median weight, grams.
    pub weight: u64,
    /// Mean of price plus freight of an item, centavos.
    pub ticket: u64,
}

#[allow(clippy::too_many_arguments)]
const fn c(
    name: &'static str,
    english: &'static str,
    items: u64,
    products: u64,
    price: u64,
    price_sigma: u64,
    weight: u64,
    ticket: u64,
) -> Category {
    Category { name, english, items, products, price, price_sigma, weight, ticket }
}

/// The 73 categories in the order of the translation file; the last entry is for products without a category.
#[rustfmt::skip]
pub const CATEGORIES: [Category; 74] = [
    c("beleza_saude", "health_beauty", 9670, 2444, 7879, 970, 400, 14904),
    c("informatica_acessorios", "computers_accessories", 7827, 1639, 7809, 853, 300, 13534),
    c("automotivo", "auto", 4235, 1900, 8084, 1017, 900, 16184),
    c("cama_mesa_banho", "bed_bath_table", 11115, 3029, 7359, 690, 1275, 11171),
    c("moveis_decoracao", "furniture_decor", 8334, 2657, 6485, 760, 1300, 10829),
    c("esporte_lazer", "sports_leisure", 8641, 2867, 7722, 844, 700, 13386),
    c("perfumaria", "perfumery", 3419, 868, 7999, 927, 400, 13259),
    c("utilidades_domesticas", "housewares", 6964, 2335, 5913, 901, 1205, 11177),
    c("telefonia", "telephony", 4545, 1134, 3853, 922, 225, 8688),
    c("relogios_presentes", "watches_gifts", 5991, 1329, 12787, 910, 348, 21792),
    c("alimentos_bebidas", "food_drink", 278, 104, 3785, 787, 900, 7082),
    c("bebes", "baby", 3065, 919, 8177, 909, 700, 15665),
    c("papelaria", "stationery", 2517, 849, 6907, 781, 1000, 11035),
    c("tablets_impressao_imagem", "tablets_printing_image", 83, 9, 7679, 530, 300, 10548),
    c("brinquedos", "toys", 4117, 1411, 8261, 800, 800, 13635),
    c("telefonia_fixa", "fixed_telephony", 264, 116, 7640, 1394, 394, 24326),
    c("ferramentas_jardim", "garden_tools", 4347, 753, 7233, 782, 1650, 13440),
    c("fashion_bolsas_e_acessorios", "fashion_bags_accessories", 2031, 849, 5359, 734, 200, 9073),
    c("eletroportateis", "small_appliances", 679, 231, 12176, 1263, 1150, 30437),
    c("consoles_games", "consoles_games", 1137, 317, 6829, 1120, 250, 15593),
    c("audio", "audio", 364, 58, 7503, 1157, 400, 15494),
    c("fashion_calcados", "fashion_shoes", 262, 173, 7175, 669, 850, 10871),
    c("cool_stuff", "cool_stuff", 3796, 789, 11521, 856, 1450, 18950),
    c("malas_acessorios", "luggage_accessories", 1092, 349, 10173, 673, 1250, 15648),
    c("climatizacao", "air_conditioning", 297, 124, 12680, 887, 2950, 20799),
    c("construcao_ferramentas_construcao", "construction_tools_construction", 929, 400, 8468, 1053, 1200, 17796),
    c("moveis_cozinha_area_de_servico_jantar_e_jardim", "kitchen_dining_laundry_garden_furniture", 281, 94, 11130, 874, 6450, 20757),
    c("construcao_ferramentas_jardim", "costruction_tools_garden", 238, 88, 6209, 982, 1300, 13037),
    c("fashion_roupa_masculina", "fashion_male_clothing", 132, 95, 6604, 662, 600, 9811),
    c("pet_shop", "pet_shop", 1947, 719, 7763, 799, 875, 13039),
    c("moveis_escritorio", "office_furniture", 1691, 309, 14524, 448, 10975, 20256),
    c("market_place", "market_place", 311, 104, 6219, 823, 527, 10879),
    c("eletronicos", "electronics", 2767, 517, 3049, 961, 200, 7475),
    c("eletrodomesticos", "home_appliances", 771, 370, 5668, 989, 475, 12320),
    c("artigos_de_festas", "party_supplies", 43, 26, 6311, 1028, 1250, 12356),
    c("casa_conforto", "home_confort", 434, 111, 10453, 745, 1825, 15455),
    c("construcao_ferramentas_ferramentas", "costruction_tools_tools", 103, 39, 7582, 1110, 800, 17412),
    c("agro_industria_e_comercio", "agro_industry_and_commerce", 212, 74, 15623, 1405, 2650, 36969),
    c("moveis_colchao_e_estofado", "furniture_mattress_and_upholstery", 38, 10, 9833, 509, 1700, 15786),
    c("livros_tecnicos", "books_technical", 267, 123, 5418, 720, 850, 8756),
    c("casa_construcao", "home_construction", 604, 225, 9351, 870, 900, 16046),
    c("instrumentos_musicais", "musical_instruments", 680, 289, 12910, 1197, 800, 30903),
    c("moveis_sala", "furniture_living_room", 503, 156, 10557, 708, 7500, 17273),
    c("construcao_ferramentas_iluminacao", "construction_tools_lights", 304, 78, 9402, 872, 1050, 16008),
    c("industria_comercio_e_negocios", "industry_commerce_and_business", 268, 68, 10520, 640, 6100, 17744),
    c("alimentos", "food", 510, 82, 4647, 644, 330, 7189),
    c("artes", "art", 209, 55, 7491, 691, 1700, 13516),
    c("moveis_quarto", "furniture_bedroom", 109, 45, 13776, 936, 10700, 22625),
    c("livros_interesse_geral", "books_general_interest", 553, 216, 5545, 860, 500, 10136),
    c("construcao_ferramentas_seguranca", "construction_tools_safety", 194, 91, 12301, 1010, 600, 22919),
    c("fashion_underwear_e_moda_praia", "fashion_underwear_beach", 131, 53, 5200, 1008, 200, 8746),
    c("fashion_esporte", "fashion_sport", 30, 19, 5998, 546, 200, 8992),
    c("sinalizacao_e_seguranca", "signaling_and_security", 199, 93, 6111, 1159, 575, 14079),
    c("pcs", "computers", 203, 30, 97392, 493, 2800, 114680),
    c("artigos_de_natal", "christmas_supplies", 153, 65, 3762, 985, 600, 7863),
    c("fashion_roupa_feminina", "fashio_female_clothing", 48, 27, 4902, 577, 475, 7136),
    c("eletrodomesticos_2", "home_appliances_2", 238, 90, 26749, 1149, 7500, 52066),
    c("livros_importados", "books_imported", 60, 31, 5908, 681, 675, 9016),
    c("bebidas", "drinks", 379, 81, 4215, 777, 333, 7433),
    c("cine_foto", "cine_photo", 72, 28, 6046, 993, 400, 11375),
    c("la_cuisine", "la_cuisine", 14, 10, 12860, 582, 2450, 17061),
    c("musica", "music", 38, 27, 6783, 1393, 550, 17697),
    c("casa_conforto_2", "home_comfort_2", 30, 5, 1657, 698, 700, 3902),
    c("portateis_casa_forno_e_cafe", "small_appliances_home_oven_and_coffee", 76, 31, 30627, 1440, 3800, 66044),
    c("cds_dvds_musicais", "cds_dvds_musicals", 14, 1, 5132, 183, 550, 6821),
    c("dvds_blu_ray", "dvds_blu_ray", 64, 48, 3230, 1092, 200, 11388),
    c("flores", "flowers", 33, 14, 2999, 480, 850, 4845),
    c("artes_e_artesanato", "arts_and_craftmanship", 24, 19, 4796, 996, 775, 9101),
    c("fraldas_higiene", "diapers_and_hygiene", 39, 12, 3608, 418, 600, 5490),
    c("fashion_roupa_infanto_juvenil", "fashion_childrens_clothes", 8, 5, 6485, 469, 210, 8317),
    c("seguros_e_servicos", "security_and_services", 2, 2, 13538, 428, 812, 16226),
    c("pc_gamer", "pc_gamer", 9, 3, 16550, 288, 2839, 18661),
    c("portateis_cozinha_e_preparadores_de_alimentos", "portable_kitchen_food_preparers", 15, 10, 7122, 1651, 1200, 28522),
    c("", "unknown", 1603, 610, 6925, 937, 400, 12957),
];

/// A federative unit: its weight in the data and its logistics. In the order of `contract::STATES`.
#[derive(Debug)]
pub struct State {
    /// Code, as in the contract.
    pub code: &'static str,
    /// Number of orders by its customers.
    pub customers: u64,
    /// Number of its sellers.
    pub sellers: u64,
    /// Number of items that its sellers sold.
    pub sold: u64,
    /// Number of its zip prefixes with a location.
    pub zips: u64,
    /// First and last of its zip prefixes.
    pub zip_range: (u32, u32),
    /// Bounds of its towns: south, north, west, east; hundredths of a degree.
    pub bounds: [i64; 4],
    /// Median transit time of a parcel from another state, tenths of a day.
    pub transit: u64,
    /// Median promised time for a parcel from another state, tenths of a day.
    pub estimate: u64,
    /// Median freight from another state, centavos.
    pub freight: u64,
    /// Shares of payments by boleto, voucher and debit card, thousandths; the rest is by credit card.
    pub payments: [u64; 3],
}

#[allow(clippy::too_many_arguments)]
const fn s(
    code: &'static str,
    customers: u64,
    sellers: u64,
    sold: u64,
    zips: u64,
    zip_range: (u32, u32),
    bounds: [i64; 4],
    transit: u64,
    estimate: u64,
    freight: u64,
    payments: [u64; 3],
) -> State {
    State { code, customers, sellers, sold, zips, zip_range, bounds, transit, estimate, freight, payments }
}

/// The 27 federative units.
#[rustfmt::skip]
pub const STATES: [State; 27] = [
    s("AC", 81, 1, 1, 43, (69900, 69999), [-1065, -817, -7265, -6767], 151, 403, 3808, [190, 60, 24]),
    s("AL", 413, 0, 0, 178, (57000, 57999), [-984, -917, -3725, -3571], 181, 314, 3272, [159, 30, 12]),
    s("AM", 148, 1, 3, 144, (69000, 69299), [-488, -275, -6700, -5844], 230, 454, 2689, [136, 45, 13]),
    s("AP", 68, 0, 0, 26, (68900, 68999), [-11, 205, -5200, -5105], 210, 471, 3002, [286, 43, 0]),
    s("BA", 3380, 19, 643, 992, (40000, 48999), [-1486, -1130, -4194, -3837], 139, 291, 2099, [170, 78, 15]),
    s("CE", 1336, 13, 94, 548, (60000, 63999), [-722, -368, -4036, -3849], 148, 312, 2703, [147, 59, 14]),
    s("DF", 2140, 30, 899, 515, (70000, 72799), [-1590, -1568, -4811, -4785], 81, 243, 1752, [180, 41, 8]),
    s("ES", 2033, 23, 372, 315, (29000, 29999), [-2083, -1872, -4117, -4007], 100, 250, 1809, [191, 49, 13]),
    s("GO", 2020, 40, 520, 773, (72800, 76799), [-1782, -1535, -5060, -4795], 110, 271, 1823, [213, 57, 10]),
    s("MA", 747, 1, 405, 313, (65000, 65999), [-603, -250, -4736, -4334], 159, 303, 3443, [265, 33, 5]),
    s("MG", 11635, 244, 8827, 1868, (30000, 39999), [-2174, -1740, -4664, -4208], 76, 243, 1790, [190, 49, 11]),
    s("MS", 715, 5, 50, 242, (79000, 79999), [-2250, -1912, -5581, -5262], 111, 259, 1823, [238, 42, 15]),
    s("MT", 907, 4, 145, 254, (78000, 78899), [-1645, -1085, -5811, -5269], 132, 312, 2226, [248, 57, 6]),
    s("PA", 975, 1, 8, 309, (66000, 68899), [-574, -117, -5422, -4748], 173, 361, 2766, [213, 51, 16]),
    s("PB", 536, 6, 38, 324, (58000, 58999), [-748, -664, -3822, -3485], 141, 325, 3455, [163, 63, 23]),
    s("PE", 1652, 9, 448, 596, (50000, 56999), [-883, -784, -3829, -3489], 130, 311, 2705, [160, 57, 11]),
    s("PI", 495, 1, 12, 307, (64000, 64999), [-850, -371, -4366, -4140], 135, 295, 3417, [179, 57, 21]),
    s("PR", 5045, 349, 8671, 1046, (80000, 87999), [-2561, -2326, -5349, -4922], 78, 245, 1780, [212, 54, 14]),
    s("RJ", 12852, 171, 4818, 1390, (20000, 28999), [-2294, -2229, -4403, -4206], 91, 252, 1774, [160, 66, 14]),
    s("RN", 485, 5, 56, 279, (59000, 59999), [-638, -519, -3789, -3521], 133, 322, 3452, [153, 75, 17]),
    s("RO", 253, 2, 14, 107, (76800, 76999), [-1272, -877, -6389, -6094], 151, 379, 3520, [245, 31, 11]),
    s("RR", 46, 0, 0, 28, (69300, 69399), [102, 299, -6105, -5991], 226, 456, 3134, [283, 0, 0]),
    s("RS", 5466, 129, 2199, 1131, (90000, 99999), [-3035, -2785, -5413, -5105], 102, 283, 1805, [240, 44, 13]),
    s("SC", 3637, 190, 4075, 619, (88000, 89999), [-2848, -2636, -5263, -4863], 100, 254, 1800, [224, 41, 12]),
    s("SE", 350, 2, 10, 135, (49000, 49999), [-1108, -1026, -3766, -3694], 142, 295, 2896, [208, 47, 14]),
    s("SP", 41746, 1849, 80342, 6349, (1000, 19999), [-2368, -2202, -4884, -4642], 68, 241, 1710, [188, 57, 17]),
    s("TO", 280, 0, 0, 184, (77000, 77999), [-1199, -639, -4910, -4734], 131, 284, 2944, [252, 80, 13]),
];

/// Median transit time of a parcel within a state, tenths of a day.
pub const NEAR_TRANSIT: u64 = 36;
/// Median promised time for a parcel within a state, tenths of a day.
pub const NEAR_ESTIMATE: u64 = 172;

/// Freight by weight: grams, centavos within a state, centavos between states. Linear in between.
pub const FREIGHT: [(u64, u64, u64); 9] = [
    (0, 780, 1500),
    (200, 829, 1516),
    (450, 996, 1583),
    (800, 1185, 1640),
    (1_500, 1337, 1788),
    (3_000, 1439, 2119),
    (6_000, 1671, 2253),
    (11_000, 2391, 3685),
    (20_000, 3858, 6280),
];
/// Median freight between states that the last column of [`FREIGHT`] is normalized to, centavos.
pub const FREIGHT_FAR: u64 = 1770;

/// A calendar month: year, month, first and last day with orders, number of orders, transit and promised time in percent of the usual.
pub type Month = (i64, u32, u32, u32, u64, u64, u64);

/// The 26 months. 2016-11 is empty, 2016-12 has one order, and 2018-08 ends on the 21st (see `calendar`).
#[rustfmt::skip]
pub const MONTHS: [Month; 26] = [
    (2016, 9, 4, 15, 4, 100, 180), (2016, 10, 3, 10, 324, 100, 215), (2016, 11, 1, 30, 0, 100, 150), (2016, 12, 23, 23, 1, 60, 110),
    (2017, 1, 5, 31, 800, 98, 170), (2017, 2, 1, 28, 1780, 100, 137), (2017, 3, 1, 31, 2682, 97, 107),
    (2017, 4, 1, 30, 2404, 118, 116), (2017, 5, 1, 31, 3700, 97, 104), (2017, 6, 1, 30, 3245, 101, 103),
    (2017, 7, 1, 31, 4026, 97, 100), (2017, 8, 1, 31, 4331, 95, 100), (2017, 9, 1, 30, 4285, 97, 97),
    (2017, 10, 1, 31, 4631, 97, 98), (2017, 11, 1, 30, 7544, 122, 97), (2017, 12, 1, 31, 5673, 124, 118),
    (2018, 1, 1, 31, 7269, 110, 112), (2018, 2, 1, 28, 6728, 145, 104), (2018, 3, 1, 31, 7211, 132, 95),
    (2018, 4, 1, 30, 6939, 96, 101), (2018, 5, 1, 31, 6873, 92, 98), (2018, 6, 1, 30, 6167, 84, 118),
    (2018, 7, 1, 31, 6292, 76, 84), (2018, 8, 1, 31, 6512, 70, 65), (2018, 9, 3, 29, 16, 100, 65), (2018, 10, 1, 17, 4, 100, 76),
];

/// Indexes into [`MONTHS`] of 2017-01 and 2018-07, the first and last complete months.
pub const COMPLETE_MONTHS: std::ops::RangeInclusive<usize> = 4..=22;

/// Orders by weekday, Monday first; relative weights.
pub const WEEKDAYS: [u64; 7] = [162, 160, 156, 148, 141, 109, 120];

/// Purchases by hour of the day.
pub const HOURS: [u64; 24] = [
    2394, 1170, 510, 272, 206, 188, 502, 1231, 2967, 4785, 6177, 6578, 5995, 6518, 6569, 6454, 6675, 6150, 5769, 5982,
    6193, 6217, 5816, 4123,
];

/// Number of orders by number of items, from one.
pub const ITEMS: [u64; 21] = [88_863, 7_516, 1_322, 505, 204, 198, 22, 8, 3, 8, 4, 5, 1, 2, 2, 0, 0, 0, 0, 2, 1];

/// Number of orders without items.
pub const ITEMLESS: u64 = 775;

/// Order statuses; see `orders` for the dates that go with them.
pub const STATUSES: [&str; 8] =
    ["delivered", "shipped", "canceled", "unavailable", "invoiced", "processing", "created", "approved"];
/// Orders with items by status, in the order of [`STATUSES`].
pub const STATUSES_WITH_ITEMS: [u64; 8] = [96_478, 1_106, 461, 6, 312, 301, 0, 2];
/// Orders without items by status.
pub const STATUSES_WITHOUT_ITEMS: [u64; 8] = [0, 1, 164, 603, 2, 0, 5, 0];

/// Numbers of instalments that occur.
pub const INSTALMENTS: [u64; 15] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 18, 20, 24];
/// Number of card payments by number of instalments ([`INSTALMENTS`]), for payments below a value in centavos.
#[rustfmt::skip]
pub const INSTALMENTS_BY_VALUE: [(u64, [u64; 15]); 8] = [
    (3_000, [7843, 2134, 24, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    (6_000, [5491, 1373, 1411, 1050, 669, 5, 0, 1, 0, 1, 0, 0, 0, 0, 0]),
    (10_000, [4087, 1513, 1532, 825, 429, 681, 382, 369, 182, 1, 0, 0, 0, 0, 0]),
    (15_000, [2503, 2383, 1244, 884, 896, 618, 185, 390, 44, 796, 26, 0, 0, 0, 0]),
    (25_000, [1600, 1702, 1828, 1211, 731, 553, 250, 908, 83, 1056, 30, 23, 7, 3, 1]),
    (50_000, [1228, 921, 1221, 1029, 1119, 912, 278, 1404, 130, 1655, 38, 32, 11, 9, 8]),
    (100_000, [794, 436, 708, 719, 723, 806, 283, 1871, 110, 3400, 51, 31, 20, 12, 31]),
    (u64::MAX, [773, 328, 286, 466, 572, 646, 201, 1589, 64, 4799, 85, 85, 42, 32, 32]),
];

/// Review scores 1 to 5 of parcels in time, thousandths, by days since the purchase (upper bound). See also [`LATE_SCORES`].
pub const TIMELY_SCORES: [(i64, [u64; 5]); 6] = [
    (3, [46, 20, 55, 160, 719]),
    (7, [54, 22, 65, 182, 677]),
    (12, [62, 24, 74, 198, 642]),
    (20, [73, 28, 91, 224, 583]),
    (30, [95, 43, 123, 249, 490]),
    (i64::MAX, [162, 62, 140, 230, 406]),
];
/// Review scores 1 to 5 of late parcels, thousandths, by days after the promised day (upper bound).
pub const LATE_SCORES: [(i64, [u64; 5]); 5] = [
    (1, [89, 40, 137, 239, 495]),
    (4, [257, 71, 146, 198, 329]),
    (8, [587, 91, 100, 83, 139]),
    (15, [703, 97, 90, 41, 70]),
    (i64::MAX, [690, 94, 90, 55, 72]),
];
/// Review scores 1 to 5 of orders that never arrived, thousandths.
pub const UNDELIVERED_SCORES: [u64; 5] = [703, 73, 76, 54, 94];
/// Reviews with a title and with a message, thousandths, by score from 1.
pub const COMMENTED: [(u64, u64); 5] = [(164, 765), (152, 680), (100, 434), (91, 312), (116, 358)];

/// Number of products by number of photos, from one.
pub const PHOTOS: [u64; 12] = [16_489, 6_263, 3_860, 2_428, 1_484, 968, 343, 192, 105, 95, 46, 35];

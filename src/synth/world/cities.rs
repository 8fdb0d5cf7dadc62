//! Constants: main cities of each state, and parts of town names. Used by `geography`.

/// Name; customers and zip prefixes, each in thousandths of the state's; latitude and longitude in hundredths of a degree.
type MainCity = (&'static str, u64, u64, i64, i64);

/// The main cities by state.
#[rustfmt::skip]
pub const CITIES: [(&str, &[MainCity]); 27] = [
    ("AC", &[
        ("rio branco", 864, 488, -997, -6783), ("cruzeiro do sul", 37, 23, -763, -7267),
    ]),
    ("AL", &[
        ("maceió", 598, 258, -963, -3574), ("arapiraca", 70, 101, -975, -3665), ("penedo", 19, 6, -1029, -3657),
        ("teotônio vilela", 19, 6, -991, -3636),
    ]),
    ("AM", &[
        ("manaus", 946, 507, -308, -6000), ("humaitá", 27, 7, -751, -6303),
    ]),
    ("AP", &[
        ("macapá", 794, 423, 3, -5107), ("santana", 132, 154, -4, -5117),
    ]),
    ("BA", &[
        ("salvador", 368, 277, -1295, -3847), ("feira de santana", 55, 70, -1225, -3896),
        ("vitória da conquista", 27, 37, -1486, -4085), ("lauro de freitas", 22, 23, -1289, -3832),
        ("ilhéus", 21, 11, -1480, -3903), ("itabuna", 18, 11, -1481, -3928),
    ]),
    ("CE", &[
        ("fortaleza", 490, 314, -376, -3855), ("sobral", 27, 47, -369, -4035), ("caucaia", 26, 64, -374, -3865),
        ("maracanaú", 26, 38, -387, -3862),
    ]),
    ("DF", &[
        ("brasília", 996, 969, -1581, -4792),
    ]),
    ("ES", &[
        ("vitória", 186, 130, -2030, -4032), ("vila velha", 164, 92, -2035, -4032), ("serra", 140, 70, -2016, -4026),
        ("cariacica", 68, 60, -2033, -4038),
    ]),
    ("GO", &[
        ("goiânia", 343, 305, -1668, -4928), ("anápolis", 56, 79, -1633, -4895),
        ("aparecida de goiânia", 54, 88, -1679, -4928), ("rio verde", 33, 18, -1779, -5093),
    ]),
    ("MA", &[
        ("são luís", 473, 204, -254, -4425), ("imperatriz", 54, 58, -552, -4748), ("balsas", 23, 3, -753, -4604),
        ("caxias", 21, 29, -487, -4335),
    ]),
    ("MG", &[
        ("belo horizonte", 238, 109, -1991, -4396), ("juiz de fora", 37, 23, -2176, -4335),
        ("contagem", 37, 33, -1992, -4405), ("uberlândia", 32, 9, -1892, -4827), ("montes claros", 18, 5, -1673, -4386),
        ("betim", 17, 28, -1995, -4417),
    ]),
    ("MS", &[
        ("campo grande", 448, 343, -2047, -5462), ("dourados", 90, 124, -2223, -5481), ("três lagoas", 59, 66, -2079, -5170),
        ("corumbá", 39, 54, -1900, -5765),
    ]),
    ("MT", &[
        ("cuiabá", 273, 189, -1561, -5605), ("rondonópolis", 72, 98, -1646, -5463), ("sinop", 51, 35, -1185, -5551),
        ("várzea grande", 45, 102, -1565, -5614),
    ]),
    ("PA", &[
        ("belém", 454, 262, -140, -4847), ("ananindeua", 90, 71, -136, -4840), ("santarém", 45, 45, -245, -5472),
        ("parauapebas", 28, 6, -930, -4915),
    ]),
    ("PB", &[
        ("joão pessoa", 478, 191, -715, -3486), ("campina grande", 127, 96, -723, -3591), ("patos", 30, 25, -703, -3728),
        ("cajazeiras", 22, 3, -689, -3856),
    ]),
    ("PE", &[
        ("recife", 371, 218, -806, -3492), ("jaboatão dos guararapes", 82, 76, -814, -3497), ("olinda", 56, 57, -800, -3486),
        ("petrolina", 39, 37, -938, -4051),
    ]),
    ("PI", &[
        ("teresina", 568, 241, -509, -4277), ("parnaíba", 46, 55, -292, -4176), ("picos", 38, 20, -708, -4144),
        ("floriano", 36, 26, -677, -4302),
    ]),
    ("PR", &[
        ("curitiba", 301, 160, -2545, -4928), ("londrina", 61, 52, -2330, -5116), ("maringá", 54, 29, -2342, -5193),
        ("cascavel", 29, 18, -2495, -5346), ("ponta grossa", 28, 32, -2509, -5016),
        ("são josé dos pinhais", 26, 22, -2554, -4918),
    ]),
    ("RJ", &[
        ("rio de janeiro", 535, 288, -2290, -4333), ("niterói", 66, 31, -2290, -4307), ("nova iguaçu", 34, 59, -2274, -4347),
        ("são gonçalo", 32, 52, -2283, -4302), ("duque de caxias", 21, 44, -2269, -4329),
        ("petrópolis", 19, 22, -2250, -4317),
    ]),
    ("RN", &[
        ("natal", 427, 240, -580, -3523), ("parnamirim", 122, 75, -592, -3525), ("mossoró", 76, 90, -519, -3735),
        ("caicó", 21, 4, -647, -3709),
    ]),
    ("RO", &[
        ("porto velho", 447, 224, -877, -6388), ("vilhena", 71, 65, -1274, -6014),
    ]),
    ("RR", &[
        ("boa vista", 978, 607, 282, -6070), ("bonfim", 22, 36, 336, -5983),
    ]),
    ("RS", &[
        ("porto alegre", 252, 126, -3004, -5119), ("caxias do sul", 41, 40, -2916, -5118), ("canoas", 38, 24, -2992, -5116),
        ("santa maria", 35, 17, -2969, -5381), ("pelotas", 34, 21, -3175, -5233), ("rio grande", 23, 18, -3209, -5217),
    ]),
    ("SC", &[
        ("florianópolis", 157, 61, -2759, -4852), ("joinville", 73, 60, -2630, -4884), ("blumenau", 52, 69, -2690, -4908),
        ("são josé", 46, 24, -2758, -4863), ("itajaí", 33, 26, -2691, -4869), ("chapecó", 28, 19, -2710, -5262),
    ]),
    ("SE", &[
        ("aracaju", 643, 407, -1093, -3707), ("itabaiana", 46, 67, -1069, -3743),
    ]),
    ("SP", &[
        ("são paulo", 372, 501, -2356, -4664), ("campinas", 35, 11, -2290, -4706), ("guarulhos", 28, 22, -2345, -4652),
        ("são bernardo do campo", 22, 22, -2367, -4657), ("santo andré", 19, 9, -2367, -4652),
        ("osasco", 18, 14, -2354, -4679),
    ]),
    ("TO", &[
        ("palmas", 325, 120, -1024, -4832), ("araguaína", 146, 109, -720, -4821),
    ]),
];

/// First parts of the names of small towns.
#[rustfmt::skip]
pub const TOWN_FIRST: [&str; 32] = [
    "água", "alto", "barra", "boa", "bom jesus", "cachoeira", "campo", "conceição", "córrego", "ilha", "lagoa", "monte",
    "morro", "nossa senhora", "nova", "pedra", "ponte", "porto", "ribeirão", "rio", "salto", "santa bárbara",
    "santa fé", "santa rita", "santana", "santo antônio", "são francisco", "são joão", "são miguel", "serra", "várzea",
    "vila",
];

/// Last parts of the names of small towns.
#[rustfmt::skip]
pub const TOWN_LAST: [&str; 40] = [
    "alegre", "azul", "bonita", "branca", "d'oeste", "da boa vista", "da glória", "da mata", "da prata", "da serra",
    "das flores", "das palmeiras", "das pedras", "de cima", "de minas", "do amparo", "do araguaia", "do campo",
    "do ipê", "do jacaré", "do meio", "do norte", "do oeste", "do pará", "do paraíso", "do sul", "do tocantins",
    "dos coqueiros", "dos índios", "dos patos", "esperança", "formosa", "funda", "grande", "linda", "nova", "preta",
    "real", "velha", "verde",
];

/// Removes accents, as in the customers' and sellers' files.
pub fn plain(name: &str) -> String {
    let bare = |c| match c {
        'á' | 'â' | 'ã' => 'a',
        'é' | 'ê' => 'e',
        'í' => 'i',
        'ó' | 'ô' | 'õ' => 'o',
        'ú' => 'u',
        'ç' => 'c',
        other => other,
    };
    name.chars().map(bare).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_are_ascii() {
        let cities = CITIES.iter().flat_map(|(_, cities)| cities.iter().map(|c| c.0));
        assert!(cities.chain(TOWN_FIRST).chain(TOWN_LAST).all(|name| plain(name).is_ascii()));
        assert!(CITIES.iter().zip(crate::schema::contract::STATES).all(|(a, b)| a.0 == b.0));
    }
}

//! The states of Brazil, and a fast test of their codes.

/// The 27 federative units of Brazil: code, name as in `states_name.csv`, region (IBGE).
pub const STATES: [(&str, &str, &str); 27] = [
    ("AC", "Acre", "Norte"),
    ("AL", "Alagoas", "Nordeste"),
    ("AM", "Amazonas", "Norte"),
    ("AP", "Amapa", "Norte"),
    ("BA", "Bahia", "Nordeste"),
    ("CE", "Ceara", "Nordeste"),
    ("DF", "Distrito Federal", "Centro-Oeste"),
    ("ES", "Espirito Santo", "Sudeste"),
    ("GO", "Goias", "Centro-Oeste"),
    ("MA", "Maranhao", "Nordeste"),
    ("MG", "Minas Gerais", "Sudeste"),
    ("MS", "Mato Grosso do Sul", "Centro-Oeste"),
    ("MT", "Mato Grosso", "Centro-Oeste"),
    ("PA", "Para", "Norte"),
    ("PB", "Paraiba", "Nordeste"),
    ("PE", "Pernambuco", "Nordeste"),
    ("PI", "Piaui", "Nordeste"),
    ("PR", "Parana", "Sul"),
    ("RJ", "Rio de Janeiro", "Sudeste"),
    ("RN", "Rio Grande do Norte", "Nordeste"),
    ("RO", "Rondonia", "Norte"),
    ("RR", "Roraima", "Norte"),
    ("RS", "Rio Grande do Sul", "Sul"),
    ("SC", "Santa Catarina", "Sul"),
    ("SE", "Sergipe", "Nordeste"),
    ("SP", "Sao Paulo", "Sudeste"),
    ("TO", "Tocantins", "Norte"),
];

/// Whether `code` is one of the 27 states.
pub fn is_state(code: &str) -> bool {
    match code.as_bytes() {
        [first @ b'A'..=b'Z', second @ b'A'..=b'Z'] => SECOND_LETTERS[letter(*first)] >> letter(*second) & 1 == 1,
        _ => false,
    }
}

/// For each first letter, the second letters of valid codes, one bit each. A lookup this fast matters for a million points.
const SECOND_LETTERS: [u32; 26] = {
    let mut letters = [0; 26];
    let mut state = 0;
    while state < STATES.len() {
        let code = STATES[state].0.as_bytes();
        letters[letter(code[0])] |= 1 << letter(code[1]);
        state += 1;
    }
    letters
};

const fn letter(capital: u8) -> usize {
    (capital - b'A') as usize
}

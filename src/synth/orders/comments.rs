//! Scores → titles and messages of reviews, as written between the quotes of the file: with commas, doubled quotes and line breaks. Used
//! by `reviews`.

use crate::synth::rng::Source;

const GOOD_TITLES: [&str; 8] =
    ["Recomendo", "Ótimo", "Muito bom", "Super recomendo", "Perfeito!", "Adorei", "Excelente", "Nota 10"];
const FAIR_TITLES: [&str; 5] = ["Regular", "Bom, mas...", "Razoável", "Esperava mais", "Mais ou menos"];
const BAD_TITLES: [&str; 7] = [
    "Não recebi",
    "Péssimo",
    "Produto errado",
    "Decepcionado",
    "Não recomendo",
    "Atraso na entrega",
    "Veio \"\"quebrado\"\"",
];

const GOOD: [&str; 16] = [
    "Chegou antes do prazo, tudo certo.",
    "Produto de ótima qualidade, recomendo a todos.",
    "Gostei muito!",
    "Entrega rápida e produto bem embalado.",
    "Exatamente como no anúncio, cor e tamanho corretos.",
    "Loja confiável, comprarei outras vezes.",
    "Meu filho adorou, \"\"o melhor presente\"\" segundo ele.",
    "Muito bom pelo preço, valeu a pena.",
    "Superou as expectativas.",
    "Vendedor atencioso, respondeu no mesmo dia.",
    "Ótimo acabamento.\nRecomendo.",
    "Produto lindo, igual à foto.",
    "Tudo perfeito, parabéns!",
    "Bem fácil de montar, funciona muito bem.",
    "Recebi em 4 dias, excelente.",
    "Bom produto.\r\n\r\nEntrega dentro do prazo.",
];
const FAIR: [&str; 10] = [
    "O produto é bom, mas a entrega demorou.",
    "Esperava um material melhor.",
    "A cor é diferente da foto, o resto está certo.",
    "Razoável pelo preço.",
    "Veio sem manual, tive de procurar na internet.",
    "Recebi só uma parte do pedido, aguardo o resto.",
    "A embalagem chegou amassada, o produto está bem.",
    "Funciona, porém faz barulho.",
    "Menor do que eu imaginava.",
    "Atendimento demorado.\nProduto bom.",
];
const BAD: [&str; 14] = [
    "Ainda não recebi o produto e ninguém responde.",
    "O prazo já passou há dias, quero o meu dinheiro de volta.",
    "Veio com defeito, não liga.",
    "Comprei dois e chegou apenas um.",
    "Mandaram o modelo errado, pedi \"\"preto\"\" e veio \"\"azul\"\".",
    "Produto de péssima qualidade, quebrou no primeiro dia.",
    "Não é original como diz o anúncio.",
    "Consta como entregue, mas não recebi nada.",
    "Já enviei vários e-mails, sem resposta.",
    "Muito atraso, o aniversário já passou.",
    "Não compro mais nesta loja.",
    "Péssimo!!!\nNão recomendo.",
    "A nota fiscal não veio e faltam peças, parafusos e o manual.",
    "Aguardo a troca há três semanas.\r\n\r\nUm absurdo.",
];

/// A title for a score.
pub fn title(score: u64, source: &mut impl Source) -> &'static str {
    pick(choose(score, &GOOD_TITLES, &FAIR_TITLES, &BAD_TITLES), source)
}

/// Appends sentences for a score to `text`; unhappy customers write more.
pub fn message(score: u64, source: &mut impl Source, text: &mut String) {
    let sentences = if score <= 2 { 1 + source.below(3) } else { 1 + source.below(2) };
    for sentence in 0..sentences {
        if sentence > 0 {
            text.push(' ');
        }
        text.push_str(pick(choose(score, &GOOD, &FAIR, &BAD), source));
    }
}

fn choose<'a>(
    score: u64,
    good: &'a [&'static str],
    fair: &'a [&'static str],
    bad: &'a [&'static str],
) -> &'a [&'static str] {
    match score {
        1 | 2 => bad,
        3 => fair,
        _ => good,
    }
}

fn pick(from: &[&'static str], source: &mut impl Source) -> &'static str {
    from[source.below(from.len() as u64) as usize]
}

//! Names of months in the languages of exports → their numbers. Used by `dates`.

/// A month by its name or its first three letters, in English, Portuguese, Spanish, French, German and Italian.
pub(super) fn month(word: &str) -> Option<u32> {
    const NAMES: [&[&str]; 12] = [
        &["january", "janeiro", "enero", "janvier", "januar", "gennaio", "jänner"],
        &["february", "fevereiro", "febrero", "février", "fevrier", "februar", "febbraio", "fév"],
        &["march", "março", "marco", "marzo", "mars", "märz", "maerz"],
        &["april", "abril", "avril", "aprile"],
        &["may", "maio", "mayo", "mai", "maggio"],
        &["june", "junho", "junio", "juin", "juni", "giugno"],
        &["july", "julho", "julio", "juillet", "juli", "luglio"],
        &["august", "agosto", "août", "aout"],
        &["september", "setembro", "septiembre", "septembre", "settembre"],
        &["october", "outubro", "octubre", "octobre", "oktober", "ottobre"],
        &["november", "novembro", "noviembre", "novembre"],
        &["december", "dezembro", "diciembre", "décembre", "decembre", "dezember", "dicembre", "déc"],
    ];
    let word = word.to_lowercase();
    let fits = |names: &&[&str]| {
        names.iter().any(|name| *name == word || (word.chars().count() >= 3 && name.starts_with(&word)))
    };
    let mut fitting = NAMES.iter().enumerate().filter(|(_, names)| fits(names));
    let (at, _) = fitting.next()?;
    // `jui` may be June or July.
    fitting.next().is_none().then_some(at as u32 + 1)
}

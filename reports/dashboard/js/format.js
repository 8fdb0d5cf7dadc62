// Words and numbers in the language of the report. Used by all files that show something.

const LOCALE = DATA.lang;
const NUMBERS = new Map();

/** A number with Intl's options; formats are made once. */
function number(value, options = {}) {
  const key = JSON.stringify(options);
  if (!NUMBERS.has(key)) NUMBERS.set(key, new Intl.NumberFormat(LOCALE, options));
  return NUMBERS.get(key).format(value);
}

const whole = (value) => number(value, { maximumFractionDigits: 0 });
const decimal = (value, digits) => number(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
const percent = (share, digits = 0) =>
  number(share, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits });
const signed = (value, digits) =>
  number(value, { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "exceptZero" }).replace("-", "−");
/** Reais. The report writes `R$` after the number in French and before it in English. */
const brl = (reais, digits = 0) => {
  const text = decimal(reais, digits);
  return LOCALE === "fr" ? `${text}\u202fR$` : `R$\u00a0${text}`;
};
/** `15,8 M`, `245 k`, `850`: for axes and labels. */
const short = (value) => {
  const [scaled, unit] = Math.abs(value) >= 1e6 ? [value / 1e6, "\u202fM"] : Math.abs(value) >= 1e4 ? [value / 1e3, "\u202fk"] : [value, ""];
  const digits = unit && Math.abs(scaled) < 99.5 && scaled % 1 ? 1 : 0;
  return number(scaled, { maximumFractionDigits: digits }) + unit;
};

const MONTH = new Intl.DateTimeFormat(LOCALE, { month: "long", year: "numeric", timeZone: "UTC" });
const MONTH_SHORT = new Intl.DateTimeFormat(LOCALE, { month: "short", timeZone: "UTC" });
const LIST = new Intl.ListFormat(LOCALE, { type: "conjunction" });
const monthName = (date) => MONTH.format(date);
const list = (items) => LIST.format(items);

/** A word or phrase; `{name}` stands for a value. */
function t(key, values = {}) {
  const phrase = DATA.words[key] ?? key;
  return phrase.replace(/\{(\w+)\}/g, (all, name) => values[name] ?? all);
}

const capital = (text) => text.charAt(0).toLocaleUpperCase(LOCALE) + text.slice(1);
/** `sao jose dos campos` as `Sao Jose dos Campos`: the data hold cities in lower case. */
const cityName = (city) => city.replace(/[^\s'-]+/g, (word) => (/^(d[aeo]s?|e)$/.test(word) ? word : capital(word)));

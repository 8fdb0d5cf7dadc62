// Words and numbers in the language of the report. Used by all files that show something.

const LOCALE = DATA.lang;

/** Formats with this many decimals, each made once: a view writes hundreds of numbers. */
const formats = (options) => {
  const made = [];
  return (digits) => (made[digits] ??= new Intl.NumberFormat(LOCALE, { minimumFractionDigits: digits, maximumFractionDigits: digits, ...options }));
};
const PLAIN = formats({});
const PERCENT = formats({ style: "percent" });
const SIGNED = formats({ signDisplay: "exceptZero" });
const SHORT = formats({ minimumFractionDigits: 0 });

const whole = (value) => PLAIN(0).format(value);
const decimal = (value, digits) => PLAIN(digits).format(value);
const percent = (share, digits = 0) => PERCENT(digits).format(share);
const signed = (value, digits) => SIGNED(digits).format(value).replace("-", "−");
/** Reais. The report writes `R$` after the number in French and before it in English. */
const brl = (reais, digits = 0) => {
  const text = decimal(reais, digits);
  return LOCALE === "fr" ? `${text}\u202fR$` : `R$\u00a0${text}`;
};
/** `15,8 M`, `245 k`, `850`: for axes and labels. */
const short = (value) => {
  const [scaled, unit] = Math.abs(value) >= 1e6 ? [value / 1e6, "\u202fM"] : Math.abs(value) >= 1e4 ? [value / 1e3, "\u202fk"] : [value, ""];
  const digits = unit && Math.abs(scaled) < 99.5 && scaled % 1 ? 1 : 0;
  return SHORT(digits).format(scaled) + unit;
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

// A language → how it writes numbers, months and lists. Pure. Next: format.js binds it to the page's language.

/**
 * @typedef {ReturnType<typeof numbersIn>} Numbers
 */

/**
 * @param {string} locale
 * @param {{ symbol: string, digits: number }} currency
 */
export function numbersIn(locale, currency = { symbol: "R$", digits: 2 }) {
  /**
   * Formats with this many decimals, each made once: a view writes hundreds of numbers.
   * @param {Intl.NumberFormatOptions} options
   */
  const formats = (options) => {
    /** @type {Intl.NumberFormat[]} */
    const made = [];
    return (/** @type {number} */ digits) =>
      (made[digits] ??= new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits, ...options }));
  };
  const PLAIN = formats({});
  const PERCENT = formats({ style: "percent" });
  const SIGNED = formats({ signDisplay: "exceptZero" });
  const SHORT = formats({ minimumFractionDigits: 0 });
  const MONTH = new Intl.DateTimeFormat(locale, { month: "long", year: "numeric", timeZone: "UTC" });
  const MONTH_SHORT = new Intl.DateTimeFormat(locale, { month: "short", timeZone: "UTC" });
  const LIST = new Intl.ListFormat(locale, { type: "conjunction" });

  /** @param {number} value */
  const whole = (value) => PLAIN(0).format(value);
  /** @param {number} value @param {number} digits */
  const decimal = (value, digits) => PLAIN(digits).format(value);
  /** @param {number} share */
  const percent = (share, digits = 0) => PERCENT(digits).format(share);
  /** @param {number} value @param {number} digits */
  const signed = (value, digits) => SIGNED(digits).format(value).replace("-", "−");
  /**
   * An amount. The report writes the currency after the number in French and before it in English: `R$ 5`, but `$5`.
   * @param {number} amount
   */
  const brl = (amount, digits = 0) => {
    const text = decimal(amount, Math.min(digits, currency.digits));
    if (locale === "fr") return `${text}\u202f${currency.symbol}`;
    return /^\p{L}/u.test(currency.symbol) ? `${currency.symbol}\u00a0${text}` : currency.symbol + text;
  };
  /**
   * `15,8 M`, `245 k`, `850`: for axes and labels.
   * @param {number} value
   */
  const short = (value) => {
    const [scaled, unit] = Math.abs(value) >= 1e6 ? [value / 1e6, "\u202fM"] : Math.abs(value) >= 1e4 ? [value / 1e3, "\u202fk"] : [value, ""];
    const digits = unit && Math.abs(scaled) < 99.5 && scaled % 1 ? 1 : 0;
    return SHORT(digits).format(scaled) + unit;
  };
  /** @param {Date} date */
  const monthName = (date) => MONTH.format(date);
  /** @param {Date} date */
  const monthShort = (date) => MONTH_SHORT.format(date);
  /** @param {string[]} items */
  const list = (items) => LIST.format(items);
  /** @param {string} text */
  const capital = (text) => text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
  /**
   * `sao jose dos campos` as `Sao Jose dos Campos`: the data hold cities in lower case.
   * @param {string} city
   */
  const cityName = (city) => city.replace(/[^\s'-]+/g, (word) => (/^(d[aeo]s?|e)$/.test(word) ? word : capital(word)));

  return { whole, decimal, percent, signed, brl, short, monthName, monthShort, list, capital, cityName };
}

//! Foreign SVG → safe SVG that draws and does nothing else. Used by `svg`.
//!
//! The result is safe in an HTML page, and is valid XML for the PDF, which would refuse a drawing that links to a file.
//! Ammonia parses the markup as a browser does and keeps only what is listed here: no links, scripts, style sheets,
//! animations or foreign elements, and no URL except a place in the drawing itself or an embedded picture.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use ammonia::Builder;

use crate::text::seen;

const ELEMENTS: &str = "circle clipPath defs desc ellipse g image line linearGradient marker mask path pattern polygon polyline \
    radialGradient rect stop svg symbol text title tspan use";

/// Elements removed with their contents. Of other elements that are removed, the drawing inside stays.
const EMPTIED: &str = "script style foreignObject iframe annotation-xml";

/// Attributes that define and place shapes.
const ATTRIBUTES: &str = "class clipPathUnits cx cy d dx dy fx fy gradientTransform gradientUnits height href id lengthAdjust markerHeight \
    markerUnits markerWidth maskContentUnits maskUnits offset orient pathLength patternContentUnits patternTransform \
    patternUnits points preserveAspectRatio r refX refY role rotate rx ry spreadMethod style textLength transform \
    version viewBox width x x1 x2 y y1 y2 aria-hidden aria-label aria-labelledby aria-describedby lang \
    direction unicode-bidi image-rendering shape-rendering text-rendering vector-effect";

/// Attributes, and properties of `style`, that define how shapes look.
const LOOKS: &str = "clip-path clip-rule color display dominant-baseline fill fill-opacity fill-rule font font-family font-size \
    font-stretch font-style font-variant font-weight letter-spacing marker marker-end marker-mid marker-start mask \
    opacity paint-order stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset stroke-linecap \
    stroke-linejoin stroke-miterlimit stroke-opacity stroke-width text-anchor visibility";

/// Types of pictures that a drawing may embed.
const PICTURES: [&str; 4] = ["data:image/png;", "data:image/jpeg;", "data:image/gif;", "data:image/webp;"];

fn words(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.split_whitespace()
}

static DRAWING: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(words(ELEMENTS).collect())
        .tag_attributes(HashMap::new())
        .link_rel(None)
        .clean_content_tags(words(EMPTIED).collect())
        .generic_attributes(words(ATTRIBUTES).chain(words(LOOKS)).collect())
        .filter_style_properties(words(LOOKS).collect())
        .url_schemes(["data"].into())
        .url_relative(ammonia::UrlRelative::PassThrough)
        .attribute_filter(|element, attribute, value| stays(element, attribute, value).then_some(Cow::Borrowed(value)));
    builder
});

/// Whether to keep an attribute. URLs must not lead out of the drawing, and no escape may hide one.
fn stays(element: &str, attribute: &str, value: &str) -> bool {
    if attribute == "href" {
        let picture = element == "image" && PICTURES.iter().any(|kind| value.starts_with(kind));
        return picture || (element != "image" && value.starts_with('#'));
    }
    let value = value.to_ascii_lowercase();
    let addresses = value.split("url(").skip(1);
    !value.contains(['\\', '<'])
        && addresses.into_iter().all(|url| url.trim_start().trim_start_matches(['"', '\'']).starts_with('#'))
}

/// The first `<svg>` element of the markup; empty if there is none.
pub(crate) fn drawing(markup: &str) -> String {
    let clean: String = DRAWING.clean(markup).to_string().chars().filter_map(seen).collect();
    // XML does not know HTML's `&nbsp;`, and HTML allows the `xlink` prefix without a declaration.
    let clean = clean.replace("&nbsp;", "\u{a0}").replace(" xlink:href=", " href=");
    let inner = clean.strip_prefix("<svg").filter(|_| !multiplies(&clean)).map(first);
    format!("<svg xmlns=\"http://www.w3.org/2000/svg\"{}", inner.unwrap_or("></svg>"))
}

/// The rest of the first `<svg>` element, whose start tag has been read, up to its end tag.
fn first(rest: &str) -> &str {
    let mut depth = 1_usize;
    for (at, _) in rest.match_indices('<') {
        let tag = &rest[at..];
        depth += usize::from(tag.starts_with("<svg"));
        depth -= usize::from(tag.starts_with("</svg>"));
        if depth == 0 {
            return &rest[..at + "</svg>".len()];
        }
    }
    rest
}

/// Whether a used element itself uses others. A few nested levels of ten uses each would keep a browser drawing for ever.
fn multiplies(markup: &str) -> bool {
    let (mut open, mut users, mut used) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for tag in markup.split('<').skip(1) {
        let value = |name: &str| tag.split_once(&format!("{name}=\""))?.1.split('"').next();
        if tag.starts_with('/') {
            open.pop();
            continue;
        }
        if tag.starts_with("use") {
            users.extend(open.iter().flatten());
            used.extend(value("href").and_then(|place| place.strip_prefix('#')));
        }
        open.push(value(" id"));
    }
    !users.is_disjoint(&used)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_goes_and_what_draws_stays() {
        for hostile in [
            "<meta http-equiv=refresh content='0;url=http://x'>",
            "<foreignObject><form action='http://x'><button>b</button></form><meta http-equiv=refresh content='0;url=x'></foreignObject>",
            "<a href='javascript:alert(1)'><text>t</text></a>",
            "<a xlink:href='http://x'><text>t</text></a>",
            "<script>alert(1)</script><script href='http://x'/>",
            "<style>@import url(http://x); body { display: none }</style>",
            "<image href='http://x/a.png'/><image xlink:href='file:///etc/passwd'/><image href='data:image/svg+xml;base64,AA'/>",
            "<image href='a.png'/><use href='other.svg#a'/><use xlink:href='http://x/#a'/>",
            "<rect onclick='alert(1)' onload=alert(1) />",
            "<set attributeName='onclick' to='alert(1)'/><animate attributeName='href' values='http://x'/>",
            "<rect fill='url(http://x/#a)' mask=\"u\\72l(http://x)\"/>",
            "<rect style='background:url(http://x);position:fixed;inset:0;fill:url(http://x)'/>",
            "<![CDATA[<img src=http://x onerror=alert(1)>]]>",
            "<desc><img src='http://x'><form action=x></desc></svg><img src=http://x><svg>",
            "<title><style><!--</style><img src=http://x></title>",
            "<x:script xmlns:x='http://www.w3.org/2000/svg'>alert(1)</x:script><iframe srcdoc='x'></iframe>",
            "<math><mtext><table><mglyph><style><img src=http://x></table></math>",
            "<feImage href='http://x'/><mpath href='http://x'/><text>\u{202e}\u{7}&#7;&#x202e;</text>",
        ] {
            let clean = drawing(&format!("<svg viewBox='0 0 1 1'>{hostile}<path d='M0 0h1'/></svg>"));
            assert!(clean.starts_with("<svg") && !clean.contains(['\u{202e}', '\u{7}']), "{clean}");
            // Markup that is not a tag is text.
            let tags: String =
                clean.split('<').skip(1).filter_map(|tag| Some(format!("<{}>", tag.split_once('>')?.0))).collect();
            for gone in [
                "//x",
                "script",
                "<a",
                "<img",
                "<form",
                "<meta",
                "on",
                "position",
                "@import",
                "file:",
                "a.png",
                "other.svg",
                "<style",
                "srcdoc",
                "svg+xml",
                "\\",
                "<set",
                "<animate",
                "foreign",
            ] {
                assert!(!tags.to_lowercase().contains(gone), "`{gone}` of {hostile}\nis in {tags}");
            }
        }
        let kept = drawing(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 9 9\"><defs><linearGradient id=\"g\" gradientUnits=\"userSpaceOnUse\">\
             <stop offset=\"1\" stop-color=\"red\"/></linearGradient><path id=\"p\" d=\"M0 0\"/></defs>\
             <rect fill=\"url(#g)\" style=\"stroke: #123; stroke-width: 2\" class=\"c1\"/><use xlink:href=\"#p\" x=\"1\"/>\
             <image href=\"data:image/png;base64,iVBORw0KGgo=\"/><text text-anchor=\"end\">a &lt; é<tspan dy=\"1\">2</tspan></text></svg>",
        );
        for part in [
            "viewBox=\"0 0 9 9\"",
            "<linearGradient id=\"g\" gradientUnits=\"userSpaceOnUse\">",
            "fill=\"url(#g)\"",
            "stroke:#123;stroke-width:2",
            "class=\"c1\"",
            "<use href=\"#p\"",
            "data:image/png;base64,iVBORw0KGgo=",
            "a &lt; é<tspan dy=\"1\">2</tspan>",
        ] {
            assert!(kept.contains(part), "{part} in {kept}");
        }
        let nothing = "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>";
        assert_eq!(drawing("<p>no drawing</p>"), nothing);
        assert_eq!(drawing("<svg></svg><svg>x</svg>"), nothing);
        let level = |n: usize| format!("<g id='l{n}'>{}</g>", format!("<use href='#l{}'/>", n + 1).repeat(10));
        let bomb: String = (0..9).map(level).collect();
        assert_eq!(drawing(&format!("<svg>{bomb}<path id='l9' d='M0 0h1'/></svg>")), nothing);
    }
}

//! Texts and values that are easily broken on their way.

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::{Map, Value as Json, json};

pub type Field = BoxedStrategy<Option<(String, Json)>>;

/// A key that is there in so many of ten cases.
pub fn field(tenths: u32, key: &str, value: impl Strategy<Value = Json> + 'static) -> Field {
    let key = key.to_owned();
    let value = value.prop_map(move |value| (key.clone(), value));
    if tenths < 10 { weighted(f64::from(tenths) / 10.0, value).boxed() } else { value.prop_map(Some).boxed() }
}

pub fn object(fields: Vec<Field>) -> impl Strategy<Value = Json> {
    fields.prop_map(|fields| Json::Object(fields.into_iter().flatten().collect()))
}

/// A text that is easily broken on its way.
pub fn awkward() -> impl Strategy<Value = String> {
    let samples = select(vec![
        "",
        " ",
        "  in and out  ",
        "say \"hi\" and 'ho'",
        "\"quoted\"",
        "'",
        "\"",
        "$HOME ${HOME} $$x $",
        "100% %h %%",
        "a # b ; c",
        "#",
        ";",
        "a=b=c",
        "=",
        "C:\\new\\table\\",
        "\\",
        "\\\\x41",
        "ä→𝄞",
        "\u{85}x",
        "\u{feff}",
        "one\ntwo\n",
        "one\n  two\n\nthree",
        "\n",
        "tab\there",
        "on",
        "no",
        "null",
        "~",
        "0755",
        "1.10",
        "1e3",
        "22:22",
        "-",
        "- a",
        "? b",
        "{{ .Name }} {% x %}",
        "[a, b]",
        "{a: b}",
        "*a",
        "&a",
        "!t",
        "| x",
        "> y",
        "@x",
        "`x`",
        "a: b",
        "a:",
        ",",
        "true",
        "http://web:80/x?y=z",
        "mongodb://u:p@db-1:27017/x",
        "db-1:5432",
        "--flag=value",
        "--",
        "%",
        "\\n",
        "\u{7f}",
        "\u{1}",
    ]);
    prop_oneof![3 => samples.prop_map(str::to_owned), 1 => "[ -~]{0,12}", 1 => "\\PC{0,6}", 1 => "[a-z]{1,8}"]
}

/// Some, of which no two say the same.
pub fn several(item: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
    vec(item, 1..4).prop_map(|mut items| {
        let mut seen = Vec::new();
        items.retain(|item| {
            let item = item.get("source").or(item.get("target")).unwrap_or(item).to_string().replace("/tcp", "");
            let is_new = !seen.contains(&item);
            seen.push(item);
            is_new
        });
        Json::Array(items)
    })
}

pub fn text(strategy: impl Strategy<Value = String> + 'static) -> BoxedStrategy<Json> {
    strategy.prop_map(Json::String).boxed()
}

pub fn one_of(words: &[&'static str]) -> BoxedStrategy<Json> {
    select(words.to_vec()).prop_map(|word| json!(word)).boxed()
}

pub fn some_of(words: &[&'static str]) -> BoxedStrategy<Json> {
    subsequence(words.to_vec(), 1..=words.len()).prop_map(|words| json!(words)).boxed()
}

pub fn variables(hosts: &[&'static str]) -> impl Strategy<Value = Json> + use<> {
    let host = match hosts.first() {
        Some(name) => text(Just(format!("a {{{{ host.{name}.url }}}}/v1"))),
        None => text(Just("no host".to_owned())),
    };
    let value = prop_oneof![
        1 => host,
        6 => text(awkward()),
        1 => Just(Json::Null),
        1 => any::<u16>().prop_map(|number| json!(number)),
        1 => any::<bool>().prop_map(|value| json!(value)),
    ];
    let pairs = vec(("[A-Z][A-Z_0-9]{0,7}|path|x\\.y|DB_PASSWORD", value), 1..6);
    prop_oneof![
        4 => pairs.clone().prop_map(|pairs| Json::Object(pairs.into_iter().collect())),
        1 => pairs.prop_map(|pairs| {
            let map: Map<String, Json> = pairs.into_iter().collect();
            let item = |(name, value): (String, Json)| match value {
                Json::Null => name,
                Json::String(value) => format!("{name}={value}"),
                value => format!("{name}={value}"),
            };
            map.into_iter().map(item).collect()
        }),
    ]
}

pub fn words() -> impl Strategy<Value = Json> {
    prop_oneof![
        4 => vec(awkward(), 0..5).prop_map(|words| json!(words)),
        1 => Just(json!("sh -c 'echo \"a b\" && exit 0'")),
        1 => Just(json!([])),
    ]
}

pub fn duration() -> impl Strategy<Value = Json> {
    one_of(&["0s", "1s", "90s", "1m30s", "2h", "500ms", "1.5s", "1d"])
}

use std::io::BufWriter;
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let options = newswire::extract::batch::Options {
        limits: newswire::extract::Limits {
            min_words: args.get(3).map(|x| x.parse().unwrap()).unwrap_or(25),
            time_limit: std::time::Duration::from_secs(2),
        },
        max_body: 8 << 20,
    };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let s =
        newswire::extract::batch::run_manifest(args[1].as_ref(), args[2].parse().unwrap(), &options, &mut out).unwrap();
    eprintln!("{s:?}");
}

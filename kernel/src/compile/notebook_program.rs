//! Not a module of this crate: `notebook_crate` appends it to an exported program, without this line.
/// What the kernel gives to cells, as far as a program needs it.
mod notebook {
    use std::fmt::{Debug, Display};

    /// What `?` turns any error into.
    pub struct CellError(String);

    impl<E: Display> From<E> for CellError {
        fn from(error: E) -> Self {
            CellError(error.to_string())
        }
    }

    pub fn run(cells: impl FnOnce() -> Result<(), CellError>) {
        if let Err(CellError(error)) = cells() {
            eprintln!("error: {error}");
            std::process::exit(1);
        }
    }

    pub struct Tag<'a, T>(pub &'a T);

    pub trait ViaDebug {
        fn text(&self) -> String;
    }

    pub trait ViaName {
        fn text(&self) -> String;
    }

    impl<T: Debug> ViaDebug for &Tag<'_, T> {
        fn text(&self) -> String {
            format!("{:?}", self.0)
        }
    }

    impl<T> ViaName for Tag<'_, T> {
        fn text(&self) -> String {
            std::any::type_name::<T>().to_owned()
        }
    }

    macro_rules! text {
        ($($name:ident),*) => { $(
            pub struct $name<T: AsRef<str> = String>(pub T);

            impl<T: AsRef<str>> Debug for $name<T> {
                fn fmt(&self, formatter: &mut std::fmt::Formatter) -> std::fmt::Result {
                    formatter.write_str(self.0.as_ref())
                }
            }
        )* };
    }
    text!(Markdown, Html);

    pub struct Shown;

    impl Shown {
        pub fn update(&self, value: &impl Debug) {
            println!("{value:?}");
        }
    }

    pub struct Progress;

    impl Progress {
        pub fn new(_label: impl Into<String>, _total: u64) -> Self {
            Progress
        }

        pub fn step(&mut self) {}

        pub fn set(&mut self, _done: u64) {}
    }

    pub fn display(value: impl Debug) -> Shown {
        println!("{value:?}");
        Shown
    }

    pub fn update_display(_id: &str, value: &impl Debug) {
        println!("{value:?}");
    }

    pub fn clear_output(_wait: bool) {}

    pub fn input(prompt: &str) -> String {
        println!("{prompt}");
        let mut line = String::new();
        let _ = std::io::stdin().read_line(&mut line);
        line.trim_end().to_owned()
    }

    pub fn block_on<F: Future>(future: F) -> F::Output {
        let mut future = std::pin::pin!(future);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        loop {
            if let std::task::Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            std::thread::yield_now();
        }
    }
}

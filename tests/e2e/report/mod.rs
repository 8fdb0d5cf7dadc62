//! Reports: what they say, from which run, and what they make of hostile input.

mod amounts;
mod contracts;
mod decide;
mod finished;
mod formats;
mod hostile;
mod own;
mod profiles;
mod rendering;
mod shops;
mod slides;
mod trial;

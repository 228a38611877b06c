//! A function by neon.

use neon::prelude::*;

/// Twice a number.
fn twice(mut cx: FunctionContext) -> JsResult<JsNumber> {
    let number = cx.argument::<JsNumber>(0)?.value(&mut cx);
    Ok(cx.number(number * 2.0))
}

#[neon::main]
fn main(mut cx: ModuleContext) -> NeonResult<()> {
    cx.export_function("twice", twice)
}

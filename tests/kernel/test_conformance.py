"""The conformance suite of the Jupyter project, with a sample for each of its tests."""

import unittest

import jupyter_kernel_test


class PfeKernel(jupyter_kernel_test.KernelTests):
    kernel_name = "pfe"
    language_name = "rust"
    file_extension = ".rs"
    code_hello_world = 'println!("hello, world");'
    code_stderr = 'eprintln!("to stderr");'
    code_generate_error = 'panic!("on purpose");'
    code_execute_result = [{"code": "6 * 7", "result": "42"}, {"code": '"text"', "result": '"text"'}]
    code_display_data = [
        {"code": 'display(Html("<b>x</b>"));', "mime": "text/html"},
        {"code": 'display(Markdown("**x**"));', "mime": "text/markdown"},
        {"code": "display(Svg::new(\"<svg xmlns='http://www.w3.org/2000/svg'/>\".into()));", "mime": "image/svg+xml"},
        {"code": 'display(df!("a" => [1])?);', "mime": "text/html"},
    ]
    code_clear_output = "clear_output(false);"
    code_inspect_sample = ":timing"
    code_page_something = ":help"
    code_history_pattern = "6 ? 7"
    supported_history_operations = ("tail", "range", "search")
    complete_code_samples = ["1 + 1", 'println!("x");', "fn f() {}", "let x = 1;"]
    incomplete_code_samples = ["fn f() {", "let x = ", 'println!("', "if true {\n"]
    invalid_code_samples = ["let 1x = = 2;", ")", "fn f() }"]
    completion_samples = [{"text": ":tim", "matches": {":timing"}}, {"text": "whil", "matches": {"while"}}]


class PfeWelcome(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "pfe"
    support_iopub_welcome = True


if __name__ == "__main__":
    unittest.main()

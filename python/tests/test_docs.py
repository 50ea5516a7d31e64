"""The examples of docs/use/python.md and of the README, as they stand there, one after the other in one folder."""
import contextlib
import io
import os
import re
import unittest

from support import SOURCE, scratch


class Page(unittest.TestCase):
    def test_every_example_runs(self):
        page = (SOURCE / "docs/use/python.md").read_text()
        examples = re.findall(r"```python\n(.*?)```", page, re.S)
        front = [block for block in re.findall(r"```python\n(.*?)```", (SOURCE / "README.md").read_text(), re.S)
                 if block.startswith("import lightloom")]
        self.assertEqual((len(examples), len(front)), (5, 1))
        printed, names = io.StringIO(), {}
        with scratch() as folder, contextlib.redirect_stdout(printed):
            os.chdir(folder)
            for example in examples + front:
                exec(compile(example, "docs/use/python.md", "exec"), names)  # pylint: disable=exec-used
            self.assertTrue(os.path.getsize("device.yaml") > 1000)
            os.chdir(SOURCE)
        text = printed.getvalue()
        self.assertIn("did you mean 'rows'?", text)
        self.assertIn("'chips' is -1", text)
        self.assertEqual(names["grid"].sizes["rows"], 3)


if __name__ == "__main__":
    unittest.main()

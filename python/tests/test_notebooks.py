"""The notebooks as they stand in the tree: run from top to bottom, without errors, small, of no one machine. scripts/run-notebooks runs them."""
import json
import re
import unittest

from support import SOURCE

BOOKS = sorted((SOURCE / "examples" / "notebooks").glob("*.ipynb"))
A_PLACE = re.compile(r"(?<![\w.:/<\\])/(?:home|root|tmp|usr|opt|mnt|srv|var|Users|work)/\w|[A-Z]:\\\\")


def texts(cell):
    """Everything that a code cell printed or showed, but for its pictures."""
    for output in cell["outputs"]:
        yield "".join(output.get("text", []))
        for kind, data in output.get("data", {}).items():
            if not kind.startswith("image/png"):
                yield "".join(data)


class Notebooks(unittest.TestCase):
    def test_there_are_eight_and_the_page_lists_each(self):
        page = (SOURCE / "docs/use/python.md").read_text()
        self.assertEqual(len(BOOKS), 8)
        for book in BOOKS:
            self.assertIn(f"examples/notebooks/{book.name})", page)

    def test_they_were_run_whole_and_say_what_they_do(self):
        for path in BOOKS:
            book = json.loads(path.read_text())
            with self.subTest(path.name):
                self.assertEqual((book["nbformat"], book["metadata"]["kernelspec"]["name"]), (4, "python3"))
                self.assertTrue("".join(book["cells"][0]["source"]).startswith("# "))
                codes = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
                self.assertEqual([cell["execution_count"] for cell in codes], list(range(1, len(codes) + 1)))
                kinds = {output["output_type"] for cell in codes for output in cell["outputs"]}
                self.assertNotIn("error", kinds)
                self.assertIn("image/png", {kind for cell in codes for o in cell["outputs"] for kind in o.get("data", {})})
                self.assertNotIn("stderr", {output.get("name") for cell in codes for output in cell["outputs"]})

    def test_they_are_small_and_name_no_place_of_a_machine(self):
        for path in BOOKS:
            with self.subTest(path.name):
                self.assertLess(path.stat().st_size, 300_000)
                book = json.loads(path.read_text())
                shown = [text for cell in book["cells"] if cell["cell_type"] == "code" for text in texts(cell)]
                shown += ["".join(cell["source"]) for cell in book["cells"]]
                for text in shown:
                    self.assertIsNone(A_PLACE.search(text), text[:300])


if __name__ == "__main__":
    unittest.main()

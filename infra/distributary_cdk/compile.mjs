// Compiles Python for the functions' runtime, on any host: node compile.mjs <folder of pyodide> < modules
// Reads {"<name>": ["<path>", "<source in base64>"]}, writes {"python": [3, 14], "modules": {"<name>": "<bytecode in base64>"}}
// or {"fault": "…"} for a module that is no Python.
import { pathToFileURL } from "node:url";

const PROGRAM = `
import base64, json, py_compile, sys

def compiled(text):
    modules = {}
    for name, (path, source) in json.loads(text).items():
        with open("/tmp/source.py", "wb") as file:
            file.write(base64.b64decode(source))
        # Unchecked: the times in an asset's zip mean nothing, and no source is read at a cold start.
        try:
            py_compile.compile(
                "/tmp/source.py", "/tmp/compiled.pyc", dfile="/var/task/" + path, doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        except py_compile.PyCompileError as error:
            return json.dumps({"fault": error.msg.strip()})
        with open("/tmp/compiled.pyc", "rb") as file:
            modules[name] = base64.b64encode(file.read()).decode()
    return json.dumps({"python": list(sys.version_info[:2]), "modules": modules})

compiled
`;

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { loadPyodide } = await import(pathToFileURL(`${process.argv[2]}/pyodide.mjs`));
const pyodide = await loadPyodide();
process.stdout.write(pyodide.runPython(PROGRAM)(Buffer.concat(chunks).toString()));

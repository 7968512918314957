"""Studies of many models on many machines: a Snakemake workflow over jobs of ``cellm study``.

``snakemake --snakefile $(python -m cellm.workflow) --configfile sweep.yaml --cores 2``
"""

from pathlib import Path

#: The workflow, for ``snakemake --snakefile``.
SNAKEFILE: Path = Path(__file__).with_name("Snakefile")

"""What never changes in a run: it need not be stored to go on with one, since it is built again."""

from omnisim.problem.context import Past, Service
from omnisim.problem.population import Population
from omnisim.problem.registered import RegisteredAgents

FIXED: tuple[type, ...] = (Population, Past, RegisteredAgents, Service)

"""What is played: cells of shared space, and what is varied where space is free."""

from __future__ import annotations

from dataclasses import dataclass

from brain.reference.serial_hybrid import STEPS, Lesson
from envs.reference.serial_hybrid import DAYS, Course
from envs.reference.serial_hybrid_chains import Search
from envs.reference.serial_profiles import MOVING_SHAPES, PROFILES, SHAPES, SUPPLIED

RATIOS = (1.0, 10.0, 30.0, 100.0, 1000.0)
SIGMAS = (1, 3, 5, 10)
USUAL = 100.0
"""The cost ratio at which everything else is varied [1]."""
ALONE = 64
"""Products where space is free, each a world by itself."""
LARGEST = 10
"""The sigma_max of lead-time profiles; it tells them best apart [unit/day]."""
MIDDLE = 5
"""The sigma_max of demand shapes [unit/day]."""
MODES_PRODUCTS = 10


@dataclass(frozen=True)
class Cell:
    """Worlds of one course.

    Attributes:
        course: what is drawn.
        worlds: how many.
        kind: "shared", "free", "modes", "shape" or "profile": what is asked of them.
    """

    course: Course
    worlds: int
    kind: str = "shared"

    @property
    def name(self) -> str:
        """The case in the results."""
        course = self.course
        ratio, sigma = f"r={course.cost_ratio:g}", f"sigma_max={course.sigma_max}"
        if self.kind == "shape":
            return f"shape {course.shape}"
        if self.kind == "profile":
            return f"lead times {course.profile}"
        if self.kind == "shared":
            return f"{_counted(course.products)}/{ratio}/{sigma}"
        return f"{self.kind}/{ratio}/{sigma}"

    @property
    def seed(self) -> tuple[int, ...]:
        """What tells its futures from those of other cells; ratios and modes share theirs."""
        course = self.course
        profile = PROFILES.index(course.profile) if isinstance(course.profile, str) else 0
        return course.products, self.worlds, course.sigma_max, course.shape, profile


@dataclass(frozen=True)
class Effort:
    """How much is played.

    Attributes:
        sizes: products of a world, and how many worlds.
        ratios, sigmas: the grid.
        days: of an episode [day].
        alone: products where space is free.
        trainings: of the brain that learns this problem.
        steps: decisions of a training.
        lesson: what it learns on.
    """

    sizes: tuple[tuple[int, int], ...]
    ratios: tuple[float, ...]
    sigmas: tuple[int, ...]
    days: int
    alone: int
    trainings: int
    steps: int
    lesson: Lesson

    def cells(self) -> tuple[Cell, ...]:
        """All of them, the longest first."""
        return (*self._shared(), *self._modes(), *self._free(), *self._shapes(), *self._profiles())

    def _shared(self) -> tuple[Cell, ...]:
        return tuple(
            Cell(self._course(ratio, sigma, products=products, coupled=True), worlds)
            for products, worlds in sorted(self.sizes, reverse=True)
            for sigma in sorted(self.sigmas, reverse=True)
            for ratio in self.ratios
        )

    def _modes(self) -> tuple[Cell, ...]:
        count = min(MODES_PRODUCTS, self.alone)
        return tuple(
            Cell(self._course(USUAL, sigma, products=count, coupled=True), 2, "modes")
            for sigma in self.sigmas
        )

    def _free(self) -> tuple[Cell, ...]:
        return tuple(
            Cell(self._course(ratio, sigma), self.alone, "free")
            for ratio in self.ratios
            for sigma in self.sigmas
        )

    def _shapes(self) -> tuple[Cell, ...]:
        supplied = tuple(float(20 + 10 * (day % 7 > 4)) for day in range(self.days))
        return tuple(
            Cell(
                self._course(
                    USUAL, MIDDLE, shape=shape, supplied=supplied if shape == SUPPLIED else ()
                ),
                self.alone,
                "shape",
            )
            for shape in SHAPES
        )

    def _profiles(self) -> tuple[Cell, ...]:
        return tuple(
            Cell(self._course(USUAL, LARGEST, profile=profile), self.alone, "profile")
            for profile in PROFILES
        )

    def _course(self, ratio: float, sigma: int, **given: object) -> Course:
        return Course(cost_ratio=ratio, sigma_max=sigma, days=self.days, **given)  # type: ignore[arg-type]


FULL = Effort(((1, 12), (10, 4), (200, 1)), RATIOS, SIGMAS, DAYS, ALONE, 3, STEPS, Lesson())
BRIEF = Lesson(lanes=30, judging=30, search=Search(6, 8, 3, 15))
"""Enough to see that something is learnt."""
QUICK = Effort(((1, 2), (4, 1)), (10.0, 100.0), (1, 5), 40, 8, 1, 4_000, BRIEF)


def shape_name(shape: int) -> str:
    """A demand shape in words."""
    if shape in MOVING_SHAPES:
        return MOVING_SHAPES[shape][0]
    return {1: "Poisson", 2: "binomial", 3: "uniform", 4: "geometric", 5: "supplied: weekends"}[
        shape
    ]


def _counted(products: int) -> str:
    return f"{products} product{'s' * (products > 1)}"

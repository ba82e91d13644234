using System.Collections.Immutable;
using System.Globalization;

namespace DhtTracer.Analysis.Lint;

/// <summary>A rule that a lookup is checked against, with its documentation in plain text.</summary>
public sealed class LintRule
{
    internal LintRule(int number, LintSeverity severity, string title, Func<LintSubject, LintVerdict> check)
    {
        (Number, Severity, Title, Check) = (number, severity, title, check);
    }

    /// <summary>Its number, 1 to 63. It never changes its meaning: bit <c>Number</c> of <see cref="QueryLint.Mask"/>.</summary>
    public int Number { get; }

    /// <summary>Its id, such as <c>DHT001</c>.</summary>
    public string Id => string.Create(CultureInfo.InvariantCulture, $"DHT{Number:000}");

    /// <summary>The usual severity of its findings; a finding can have another one.</summary>
    public LintSeverity Severity { get; }

    /// <summary>What it finds, in a few words.</summary>
    public string Title { get; }

    /// <summary>What exactly it looks for, with its thresholds.</summary>
    public required string What { get; init; }

    /// <summary>Why it matters, and what can be done.</summary>
    public required string Why { get; init; }

    /// <summary>For which sources it can speak, and what they must hold.</summary>
    public required string Speaks { get; init; }

    /// <summary>Where projects met this problem.</summary>
    public ImmutableArray<LintCase> Cases { get; init; } = [];

    internal Func<LintSubject, LintVerdict> Check { get; }
}

/// <summary>A public report of the problem that a rule finds.</summary>
/// <param name="Text">What happened, and what was done about it.</param>
/// <param name="Address">Address of the report.</param>
public sealed record LintCase(string Text, string Address);

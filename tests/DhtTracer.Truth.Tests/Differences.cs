using System.Globalization;
using System.Text;

namespace DhtTracer.Truth.Tests;

/// <summary>Where a value stands.</summary>
/// <param name="File">The capture, such as <c>go/healthy-full</c>.</param>
/// <param name="Trace">Trace id and what tells the query apart, such as its label.</param>
/// <param name="Peer">Peer id; null when the value is not of a peer.</param>
internal readonly record struct Place(string File, string Trace, string? Peer = null)
{
    public Place Of(string peer) => this with { Peer = peer };
}

/// <summary>How values of one field compared.</summary>
internal sealed class FieldCount
{
    public int Equal { get; set; }

    /// <summary>Ours is null where the truth is known: nothing wrong was said.</summary>
    public int Unknown { get; set; }

    public int Wrong { get; set; }

    /// <summary>Of the wrong ones, how many the published rule gets wrong on the same data; see <see cref="Differences.Allow"/>.</summary>
    public int Allowed { get; set; }

    public int Compared => Equal + Unknown + Wrong;
}

/// <summary>
/// Compares what we reconstructed with the truth, value by value, and counts by field. A wrong value fails the test when
/// <see cref="AssertNone"/> is called, unless the rule that it comes from is known not to be certain.
/// </summary>
internal sealed class Differences
{
    private const int Shown = 20;
    private readonly SortedDictionary<string, FieldCount> _fields = new(StringComparer.Ordinal);
    private readonly List<(string Field, string Text)> _wrong = [];

    /// <summary>Operations compared.</summary>
    public int Operations { get; set; }

    /// <summary>Captures compared.</summary>
    public int Captures { get; set; }

    /// <summary>Counts by field.</summary>
    public IReadOnlyDictionary<string, FieldCount> Fields => _fields;

    public int Compared => _fields.Values.Sum(static count => count.Compared);

    public int Equal => _fields.Values.Sum(static count => count.Equal);

    public int Unknown => _fields.Values.Sum(static count => count.Unknown);

    public int Wrong => _fields.Values.Sum(static count => count.Wrong);

    /// <summary>
    /// Compares a value whose truth is known. Null of ours is "unknown". Where "none" is itself an answer (a peer without a referrer), pass
    /// a text for it on both sides.
    /// </summary>
    public bool Same(Place place, string field, object? ours, object truth) =>
        ours is null ? Add(place, field, null, truth, true) : Add(place, field, ours, truth, ours.Equals(truth));

    /// <summary>Compares a value that must be known: null of ours is wrong.</summary>
    public bool Must(Place place, string field, object? ours, object? truth) =>
        Add(place, field, ours ?? "null", truth ?? "null", Equals(ours, truth));

    /// <summary>Compares a number that may differ by a tolerance, such as a time that two clocks took.</summary>
    public bool Within(Place place, string field, long? ours, long truth, long tolerance) =>
        Add(place, field, ours, truth, ours is null || Math.Abs(ours.Value - truth) <= tolerance);

    /// <summary>Compares a lower bound.</summary>
    public bool AtMost(Place place, string field, long? ours, long truth) =>
        Add(place, field, ours, "at least, but the truth is " + truth, ours is null || ours <= truth);

    /// <summary>Of this field so many wrong values are what the published rule gets wrong on the same data.</summary>
    public void Allow(string field, int wrong) => Field(field).Allowed += wrong;

    /// <summary>Adds the counts of another capture.</summary>
    public void Add(Differences other)
    {
        Operations += other.Operations;
        Captures += other.Captures;
        _wrong.AddRange(other._wrong);
        foreach (var (name, count) in other._fields)
        {
            var field = Field(name);
            field.Equal += count.Equal;
            field.Unknown += count.Unknown;
            field.Wrong += count.Wrong;
            field.Allowed += count.Allowed;
        }
    }

    /// <summary>Fails when a field has more wrong values than are allowed, and when nothing was compared at all.</summary>
    public void AssertNone()
    {
        Assert.True(Compared > 0, "Nothing was compared.");
        var failed = _fields.Where(static entry => entry.Value.Wrong > entry.Value.Allowed).Select(static entry => entry.Key).ToHashSet();
        if (failed.Count == 0)
        {
            return;
        }

        var text = new StringBuilder();
        var places = _wrong.Where(wrong => failed.Contains(wrong.Field)).ToList();
        text.Append(CultureInfo.InvariantCulture, $"{places.Count} values differ from the truth:\n");
        foreach (
            var (_, difference) in places
                .GroupBy(static wrong => wrong.Field)
                .SelectMany(group => group.Take(Math.Max(2, Shown / failed.Count)))
                .Take(Shown)
        )
        {
            text.Append(difference).Append('\n');
        }

        Assert.Fail(text.Append(Table()).ToString());
    }

    /// <summary>A table of all fields.</summary>
    public string Table()
    {
        var text = new StringBuilder();
        text.Append(
            CultureInfo.InvariantCulture,
            $"{"field", -34} {"compared", 9} {"equal", 9} {"unknown", 9} {"wrong", 7} {"allowed", 8}\n"
        );
        foreach (var (name, field) in _fields)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"{name, -34} {field.Compared, 9} {field.Equal, 9} {field.Unknown, 9} {field.Wrong, 7} {field.Allowed, 8}\n"
            );
        }

        return text.Append(CultureInfo.InvariantCulture, $"{"all", -34} {Compared, 9} {Equal, 9} {Unknown, 9} {Wrong, 7}\n").ToString();
    }

    /// <summary>Prints the table where the test's output is shown (<c>-showliveoutput</c>).</summary>
    public void Print() => TestContext.Current.TestOutputHelper?.WriteLine(Table());

    private bool Add(Place place, string fieldName, object? ours, object truth, bool right)
    {
        var field = Field(fieldName);
        if (!right)
        {
            field.Wrong++;
            _wrong.Add((fieldName, $"{place.File} · {place.Trace} · {place.Peer ?? "-"} · {fieldName}: ours {ours}, truth {truth}"));
        }
        else if (ours is null)
        {
            field.Unknown++;
        }
        else
        {
            field.Equal++;
        }

        return right;
    }

    private FieldCount Field(string name)
    {
        if (!_fields.TryGetValue(name, out var field))
        {
            _fields.Add(name, field = new FieldCount());
        }

        return field;
    }
}

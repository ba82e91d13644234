namespace DhtTracer.Truth.Tests;

/// <summary>One kind of capture, and how its truth is compared with the reconstruction.</summary>
internal interface ITruthSource
{
    /// <summary>Folder under <c>tests/data</c>.</summary>
    string Kind { get; }

    /// <summary>Name in the table of README.md.</summary>
    string Name { get; }

    /// <summary>Compares all that the truth of a capture knows.</summary>
    Differences Compare(CaptureFolder capture);
}

/// <summary>All sources that have a truth.</summary>
internal static class TruthSources
{
    public static IReadOnlyList<ITruthSource> All { get; } =
    [
        new Go.GoTruthSource(),
        new Kubo.KuboTruthSource(),
        new KuboEvents.KuboEventsTruthSource(),
        Rust.RustLogTruthSource.Human,
        Rust.RustLogTruthSource.Json,
        Rust.RustLogTruthSource.Litep2pHuman,
        Rust.RustLogTruthSource.Litep2pJson,
        Rust.AdapterTruthSource.Native,
        Rust.AdapterTruthSource.GoNames,
        new Rust.OurNodeOnRustTruthSource(),
    ];
}

namespace DhtTracer.Storage.Upkeep;

/// <summary>How far a long piece of upkeep is.</summary>
/// <param name="Step">What is being done, in words.</param>
/// <param name="Done">Units done.</param>
/// <param name="Total">Units in all; 0 when unknown.</param>
public readonly record struct UpkeepProgress(string Step, long Done, long Total);

/// <summary>What retention by size did.</summary>
/// <param name="Deleted">Number of deleted traces.</param>
/// <param name="Bytes">Bytes of the database that hold data now.</param>
public readonly record struct SizeRetention(long Deleted, long Bytes);

/// <summary>What compacting did.</summary>
/// <param name="BytesBefore">Size of the files before, in bytes.</param>
/// <param name="BytesAfter">Size of the files after, in bytes.</param>
public readonly record struct CompactionResult(long BytesBefore, long BytesAfter);
